#include "courseselect/nodes/program.hpp"

int main(int argc, char** argv) {
    return courseselect::nodes::run_program(argc, argv, {courseselect::nodes::Service::realtime});
}
