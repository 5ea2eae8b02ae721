/* SPDX-License-Identifier: MIT */
#include "cli/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "serialctl/words.h"

#define KEY_COMMAND   0x14 /* Ctrl-T, as tio has it */
#define BREAK_NS      UINT64_C(250000000)
#define FILE_WRITE_NS UINT64_C(10000000000)

static void write_all(int fd, const void *data, size_t bytes)
{
	const char *next = data;

	while (bytes) {
		ssize_t part = write(fd, next, bytes);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return; /* nobody is there to be told */
		next += part;
		bytes -= (size_t)part;
	}
}

void term_tell(const struct term *term, const char *format, ...)
{
	char text[768];
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(text, sizeof(text) - 4, format, arguments);
	va_end(arguments);
	if (bytes > (int)sizeof(text) - 5)
		bytes = (int)sizeof(text) - 5;
	write_all(STDERR_FILENO, term->screen.within_line ? "\r\n[haul] " : "[haul] ",
		term->screen.within_line ? 9 : 7);
	strcpy(text + bytes, "\r\n");
	write_all(STDERR_FILENO, text, (size_t)bytes + 2);
}

static uint32_t time_of_day_ms(void)
{
	struct timespec now;
	struct tm local;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	return (uint32_t)((local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec) * 1000 +
			  now.tv_nsec / 1000000);
}

/* ---- from the device ---- */

static void show(struct term *term, const uint8_t *data, size_t bytes)
{
	char text[TERM_INPUT_BYTES * SCREEN_BYTES_PER_BYTE];

	write_all(STDOUT_FILENO, text,
		screen_show(&term->screen, data, bytes, time_of_day_ms(), text));
}

void term_take_port(struct term *term)
{
	uint8_t data[TERM_INPUT_BYTES];
	size_t bytes;

	while ((bytes = haul_port_take(term->session.port, data, sizeof(data)))) {
		show(term, data, bytes);
		if (term->log_fd >= 0)
			write_all(term->log_fd, data, bytes);
	}
}

/* ---- to the device ---- */

static void send_typed(struct term *term, const uint8_t *data, size_t bytes)
{
	uint8_t sent[2 * TERM_INPUT_BYTES];
	size_t length = screen_typed(&term->screen, data, bytes, sent);

	if (!term->session.port || !length)
		return; /* what is typed at a port that is not there is not for the next one */
	if (term->screen.view & SCREEN_ECHO)
		show(term, sent, length);
	if (haul_port_queue(term->session.port, sent, length) < length)
		term_tell(term, "the device takes nothing: some of what was typed is lost");
}

static void send_file(struct term *term, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t sent = 0;
	char data[4096];
	ssize_t got;

	if (fd < 0) {
		term_tell(term, "cannot open '%s': %s", path, strerror(errno));
		return;
	}
	while (term->session.port && (got = read(fd, data, sizeof(data))) > 0) {
		ssize_t part = haul_port_write(
			term->session.port, data, (size_t)got, haul_port_now_ns() + FILE_WRITE_NS);

		sent += part > 0 ? (size_t)part : 0;
		if (part != got)
			break;
		term_take_port(term);
	}
	close(fd);
	term_tell(term, "sent %zu bytes of '%s'", sent, path);
}

/* Of a request that is no data: not all ports know all of them. */
static const char *signal_error(int error)
{
	return error == -ENOTTY || error == -EOPNOTSUPP ? "this port has no such thing"
							: words_port_error(error);
}

static void send_break(struct term *term)
{
	int error = haul_port_break(term->session.port, 1);
	uint64_t end_ns = haul_port_now_ns() + BREAK_NS;

	while (!error && haul_port_now_ns() < end_ns &&
		haul_port_wait_written(term->session.port, end_ns) >= 0)
		;
	if (!error)
		error = haul_port_break(term->session.port, 0);
	if (error)
		term_tell(term, "cannot send a break: %s", signal_error(error));
	else
		term_tell(term, "break sent");
}

/* ---- commands ---- */

static void toggle_line(struct term *term, unsigned line, const char *name)
{
	int lines = haul_port_lines(term->session.port);
	int on = lines >= 0 && !((unsigned)lines & line);
	int error = lines < 0 ? lines : haul_port_set_lines(term->session.port, line, on);

	if (error)
		term_tell(term, "cannot set %s: %s", name, signal_error(error));
	else
		term_tell(term, "%s is %s", name, on ? "on" : "off");
}

static void show_lines(const struct term *term)
{
	static const char *const names[] = {"DTR", "RTS", "CTS", "DSR", "DCD", "RI"};
	int lines = haul_port_lines(term->session.port);
	char text[128] = "";

	for (unsigned i = 0; lines >= 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		strcat(text, names[i]);
		strcat(text, lines >> i & 1 ? " on  " : " off  ");
	}
	term_tell(term, "%s", lines < 0 ? signal_error(lines) : text);
}

static void show_settings(const struct term *term)
{
	char settings[HAUL_PORT_SETTINGS_BYTES];

	haul_port_settings_format(&term->session.settings, settings);
	term_tell(
		term, "%s %s, found again as %s", term->session.path, settings, term->session.name);
}

static void show_keys(const struct term *term)
{
	static const char *const keys[] = {"q  end the session", "b  send a break", "d  toggle DTR",
		"r  toggle RTS", "l  show the modem lines", "s  show the settings",
		"f  send a file", "e  local echo on or off", "x  hexadecimal on or off",
		"t  timestamps on or off", "Ctrl-T  send Ctrl-T", "?  this list"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		term_tell(term, "Ctrl-T %s", keys[i]);
}

static void toggle_view(struct term *term, unsigned view, const char *name)
{
	term->screen.view ^= view;
	term_tell(term, "%s is %s", name, term->screen.view & view ? "on" : "off");
}

static void begin_prompt(struct term *term)
{
	static const char text[] = "[haul] file to send: ";

	term->prompting = true;
	term->prompt_used = 0;
	write_all(STDERR_FILENO, "\r\n", 2);
	write_all(STDERR_FILENO, text, sizeof(text) - 1);
}

/* Commands that need the port to be there. */
static void obey_port(struct term *term, uint8_t key)
{
	if (!term->session.port) {
		term_tell(term, "the port is not there");
		return;
	}
	switch (key) {
	case 'b':
		send_break(term);
		break;
	case 'd':
		toggle_line(term, HAUL_LINE_DTR, "DTR");
		break;
	case 'r':
		toggle_line(term, HAUL_LINE_RTS, "RTS");
		break;
	case 'l':
		show_lines(term);
		break;
	case 'f':
		begin_prompt(term);
		break;
	default:
		term_tell(term, "no such command: Ctrl-T ? shows what there is");
		break;
	}
}

static void obey(struct term *term, uint8_t key)
{
	switch (key) {
	case 'q':
		term->over = true;
		break;
	case KEY_COMMAND:
		send_typed(term, &key, 1);
		break;
	case 'e':
		toggle_view(term, SCREEN_ECHO, "local echo");
		break;
	case 'x':
		toggle_view(term, SCREEN_HEX, "hexadecimal");
		break;
	case 't':
		toggle_view(term, SCREEN_TIME, "timestamp");
		break;
	case 's':
		show_settings(term);
		break;
	case '?':
	case 'h':
		show_keys(term);
		break;
	default:
		obey_port(term, key);
		break;
	}
}

static void prompt_key(struct term *term, uint8_t key)
{
	if (key == '\r' || key == '\n') {
		write_all(STDERR_FILENO, "\r\n", 2);
		term->prompting = false;
		term->prompt[term->prompt_used] = '\0';
		if (term->prompt_used)
			send_file(term, term->prompt);
	} else if ((key == 0x7f || key == '\b') && term->prompt_used) {
		term->prompt_used--;
		write_all(STDERR_FILENO, "\b \b", 3);
	} else if (key == 0x03 || key == 0x1b) {
		term->prompting = false;
		write_all(STDERR_FILENO, "\r\n", 2);
	} else if (key >= ' ' && key != 0x7f && term->prompt_used < sizeof(term->prompt) - 1) {
		term->prompt[term->prompt_used++] = (char)key;
		write_all(STDERR_FILENO, &key, 1);
	}
}

void term_key(struct term *term, uint8_t key)
{
	if (term->prompting) {
		prompt_key(term, key);
	} else if (term->command) {
		term->command = false;
		obey(term, key);
	} else if (key == KEY_COMMAND) {
		term->command = true;
	} else {
		send_typed(term, &key, 1);
	}
}
