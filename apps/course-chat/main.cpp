#include "chat_program.hpp"

int main(int argc, char** argv) { return courseselect::apps::run_chat(argc, argv); }
