#include "generator_program.hpp"

int main(int argc, char** argv) { return courseselect::apps::run_generator(argc, argv); }
