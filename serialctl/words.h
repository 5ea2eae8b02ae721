/* SPDX-License-Identifier: MIT */
/* What is said about ports that fail, in one place for all who say it. */
#ifndef SERIALCTL_WORDS_H
#define SERIALCTL_WORDS_H

#define WORDS_BYTES 1024u

/* What an error of haul/serial.h means, as a phrase. */
const char *words_port_error(int error);

/* "cannot open port 'NAME': REASON", and who has it if somebody has. `ret_text` has room for
 * WORDS_BYTES. */
void words_open_failure(const char *name, int error, char *ret_text);

#endif
