#include "courseselect/chat/program.hpp"

int main(int argc, char** argv) { return courseselect::chat::run_program(argc, argv); }
