/* SPDX-License-Identifier: MIT */
/* --explain: what was chosen and why, in lines on standard error, each once. */
#ifndef ENGINE_JOB_EXPLAIN_H
#define ENGINE_JOB_EXPLAIN_H

struct job;
struct pair;
struct wire_choice;

/* Says a line, if the user wants to know and it was not said yet. */
void explain(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How a worker has copied files. */
void explain_choice(struct job *job, const struct wire_choice *choice);
/* How the large files of a pair are copied from now on. */
void explain_pair(struct job *job, const struct pair *pair);
void explain_end(struct job *job);

#endif
