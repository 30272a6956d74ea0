#include "db_edit_program.hpp"

int main(int argc, char** argv) { return courseselect::apps::run_db_edit(argc, argv); }
