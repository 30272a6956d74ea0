#include "courseselect/nodes/program.hpp"

/// All five services in one process, on one loop: for small schools and for embedding.
int main(int argc, char** argv) {
    const std::vector<courseselect::nodes::Service> services(
        std::begin(courseselect::nodes::all_services), std::end(courseselect::nodes::all_services));
    return courseselect::nodes::run_program(argc, argv, services);
}
