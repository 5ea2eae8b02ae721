/* SPDX-License-Identifier: MIT */
#include "cli/serial.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/serial_options.h"
#include "haul/exit.h"

const struct command serial_verbs[] = {
	{"list", "list the ports, what they are, and who has them", serial_list,
		&serial_list_options, NULL},
	{"term", "talk to a device by hand", serial_term, &serial_term_options, NULL},
	{"exec", "send lines and wait for answers, for scripts", serial_exec, &serial_exec_options,
		NULL},
	{"send", "send files by XMODEM, YMODEM or as they are", serial_send, &serial_send_options,
		NULL},
	{"receive", "receive files", serial_receive, &serial_receive_options, NULL},
	{"stream", "make an event of every line or frame that arrives", serial_stream,
		&serial_stream_options, NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static int show_help(void)
{
	printf("Usage: haul serial VERB [OPTION]... [OPERAND]...\n"
	       "  or:  haul serial VERB --help\n"
	       "Find serial ports, talk to what is behind them, and transfer files.\n\n"
	       "Verbs:\n");
	for (const struct command *verb = serial_verbs; verb->name; verb++)
		printf("  %-8s %s\n", verb->name, verb->summary);
	printf("\nA port is named by its path (/dev/ttyUSB0), by what it is (usb:0403:6001,\n"
	       "usb:0403:6001:SERIAL, serial=SERIAL), or by a link to it "
	       "(/dev/serial/by-id/...).\n");
	return HAUL_EXIT_OK;
}

int command_serial(int argc, char **argv)
{
	const struct command *verb;

	if (argc >= 2 && strcmp(argv[1], "--help") == 0)
		return show_help();
	verb = argc >= 2 ? command_find(serial_verbs, argv[1]) : NULL;
	if (verb)
		return verb->run(argc - 1, argv + 1);
	fprintf(stderr, "haul serial: %s%s%s%s\nTry 'haul serial --help' for more information.\n",
		argc < 2 ? "missing verb" : "unknown verb", argc < 2 ? "" : " '",
		argc < 2 ? "" : argv[1], argc < 2 ? "" : "'");
	return HAUL_EXIT_FAILED;
}
