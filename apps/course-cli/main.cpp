#include "courseselect/cli/program.hpp"

int main(int argc, char** argv) { return courseselect::cli::run_program(argc, argv); }
