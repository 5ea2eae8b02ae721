/* SPDX-License-Identifier: MIT */
/*
 * What the screen of haul top says: jobs, ports and devices as lines of text. No terminal is
 * touched here.
 *
 *     haul top   2 jobs run, 1.3 GB/s together                                    12:34:56
 *
 *     JOBS
 *     > nightly       42%  ███▓▓▒░░░░░░  1.2 GB of 2.9 GB   1.3 GB/s  ETA 0:02
 *         cp -a /srv -> /backup
 *         1.3 GB read, 1.2 GB accepted, 0.9 GB durable, 120 of 300 files
 *         …clude/linux/fs.h
 *       cards         paused …
 *
 *     SERIAL PORTS
 *     /dev/ttyUSB0  open in job stream   temperature 21.5
 *
 *     DEVICES
 *     /dev/sdb1  vfat  CAMERA  32.0 GB  12.1 GB free  /media/cam  used by cards
 *
 *     q quit  p pause  r resume  c cancel  ? help
 */
#ifndef ENGINE_TOP_VIEW_H
#define ENGINE_TOP_VIEW_H

#include "publisher/bar.h"
#include "top/drives.h"
#include "top/jobs.h"
#include "top/ports.h"
#include "top/sheet.h"

struct view {
	const struct top_jobs *jobs;
	const struct top_ports *ports;
	const struct top_drives *drives;
	const char *selected; /* the name of a job; "": none */
	const char *message;  /* the bottom line, "" for the keys */
	bool help;            /* the keys' meaning instead of everything else */
	bool keys;            /* there is a keyboard */
	struct bar_style style;
	unsigned rows; /* 0: as many as there is to say, each job in full */
};

/* Fills the empty sheet with at most `rows` lines of at most `columns`. The thread's locale must be
 * a UTF-8 one. */
void view_draw(const struct view *view, struct sheet *ret_sheet);

#endif
