/* SPDX-License-Identifier: MIT */
/* The parts of the screen that tell of ports and devices. */
#include <stdio.h>
#include <string.h>

#include "top/view_rows.h"
#include "util/human.h"

#define PORT_COLUMNS  14u
#define STATE_COLUMNS 26u
#define WORD_COLUMNS  8u
#define SIZE_COLUMNS  9u
#define FREE_COLUMNS  14u
#define GAP           2u

/* ---- ports ---- */

static void port_state(const struct top_port *port, char *ret_text, size_t capacity)
{
	if (port->lost)
		snprintf(ret_text, capacity, "lost by job %s", port->job);
	else if (port->used)
		snprintf(ret_text, capacity, "job %s", port->job);
	else if (port->held)
		snprintf(
			ret_text, capacity, "%s (%d)", port->holder.command, (int)port->holder.pid);
	else
		snprintf(ret_text, capacity, "free");
}

static void add_port(const struct view *view, const struct top_port *port, struct sheet *sheet)
{
	char state[sizeof(port->job) + sizeof(port->holder) + 32];
	struct view_line line;

	port_state(port, state, sizeof(state));
	view_line_open(&line, view);
	view_line_put(&line, port->path);
	view_line_tab(&line, PORT_COLUMNS + GAP);
	view_line_look(&line, port->lost ? LOOK_BAD : LOOK_PLAIN);
	view_line_put(&line, state);
	view_line_look(&line, LOOK_PLAIN);
	view_line_tab(&line, PORT_COLUMNS + STATE_COLUMNS + 2 * GAP);
	if (port->dropped.bytes) {
		view_line_look(&line, LOOK_BAD);
		view_line_put_start(&line, port->dropped.data, port->dropped.bytes);
		view_line_put(&line, "  ");
		view_line_look(&line, LOOK_PLAIN);
	}
	if (port->line.bytes)
		view_line_put_start(&line, port->line.data, port->line.bytes);
	else
		view_line_put(&line, port->what);
	view_line_add(&line, sheet);
}

void view_ports(const struct view *view, struct sheet *sheet)
{
	for (unsigned at = 0; at < view->ports->count; at++)
		add_port(view, view->ports->row[at], sheet);
}

/* ---- devices ---- */

static unsigned device_columns(const struct top_drives *drives)
{
	unsigned widest = 0;

	for (unsigned at = 0; at < drives->count; at++) {
		unsigned columns = cells_count(drives->row[at].device);

		widest = columns > widest ? columns : widest;
	}
	return widest;
}

static void put_size(struct view_line *line, uint64_t bytes, const char *behind)
{
	char size[HUMAN_BYTES], text[2 * HUMAN_BYTES];

	if (bytes == DEVICE_UNKNOWN)
		return;
	snprintf(text, sizeof(text), "%s%s", human_size(bytes, size), behind);
	view_line_put(line, text);
}

static bool job_uses(const struct top_job *job, dev_t volume)
{
	for (unsigned at = 0; at < job->volume_count; at++)
		if (job->volume[at] == volume)
			return true;
	return false;
}

static void put_users(struct view_line *line, const struct top_drive *drive)
{
	const struct top_jobs *jobs = line->view->jobs;
	const char *before = "  used by ";

	for (unsigned at = 0; drive->number && at < jobs->count; at++) {
		if (jobs->row[at]->ended || !job_uses(jobs->row[at], drive->number))
			continue;
		view_line_put(line, before);
		view_line_put(line, jobs->row[at]->name);
		before = ", ";
	}
}

static void put_remark(struct view_line *line, const struct top_drive *drive)
{
	bool gone = strcmp(drive->remark, "gone") == 0;

	view_line_look(line, gone ? LOOK_BAD : LOOK_FAINT);
	if (drive->mount_point)
		view_line_put(line, "  ");
	view_line_put(line, drive->remark);
	view_line_look(line, LOOK_PLAIN);
}

static void add_drive(const struct view *view, const struct top_drive *drive, struct sheet *sheet)
{
	unsigned column = device_columns(view->drives) + GAP;
	struct view_line line;

	view_line_open(&line, view);
	view_line_put(&line, drive->device);
	view_line_tab(&line, column);
	view_line_put(&line, drive->identity.fstype);
	view_line_tab(&line, column += WORD_COLUMNS);
	put_size(&line, drive->size_bytes, "");
	view_line_tab(&line, column += SIZE_COLUMNS);
	put_size(&line, drive->free_bytes, " free");
	view_line_tab(&line, column + FREE_COLUMNS + 1);
	if (drive->mount_point)
		view_line_put_start(&line, drive->mount_point, strlen(drive->mount_point));
	if (*drive->identity.label) {
		view_line_put(&line, drive->mount_point ? "  (" : "(");
		view_line_put(&line, drive->identity.label);
		view_line_put(&line, drive->mount_point ? ")" : ")  ");
	}
	if (drive->remark)
		put_remark(&line, drive);
	put_users(&line, drive);
	view_line_add(&line, sheet);
}

void view_drives(const struct view *view, struct sheet *sheet)
{
	for (unsigned at = 0; at < view->drives->count; at++)
		add_drive(view, &view->drives->row[at], sheet);
}
