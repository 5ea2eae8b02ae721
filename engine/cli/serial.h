/* SPDX-License-Identifier: MIT */
/* The verbs of `haul serial`. argv[0] is the verb; they return the exit status. */
#ifndef ENGINE_CLI_SERIAL_H
#define ENGINE_CLI_SERIAL_H

int serial_list(int argc, char **argv);
int serial_term(int argc, char **argv);
int serial_exec(int argc, char **argv);
int serial_send(int argc, char **argv);
int serial_receive(int argc, char **argv);
int serial_stream(int argc, char **argv);

/* haul --role=serial LANE VERB ARGUMENT...: the process that has one port. */
int serial_role_main(int argc, char **argv);

#endif
