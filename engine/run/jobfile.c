/* SPDX-License-Identifier: MIT */
#include "run/jobfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BARRIER "wait"

/* What means something to a shell, and what is expanded by it, wherever it stands in a word. */
#define ACTS    "|&;<>()`$"
#define EXPANDS "*?[{}"

/* Words are written over the text that they come from, which is never shorter. */
struct parser {
	const char *from; /* the next character of the text */
	const char *end;
	char *to; /* where the next character of a word goes */
	unsigned number;
	bool failed;
	void (*wrong)(void *context, const struct jobfile_error *error);
	void *context;
	struct jobfile *file;
	struct jobfile_line line; /* the one at hand */
	unsigned stage;
};

static void complain(struct parser *parser, unsigned number, const char *message, char what)
{
	struct jobfile_error error = {.number = number, .message = message, .what = {what}};

	parser->failed = true;
	if (parser->wrong)
		parser->wrong(parser->context, &error);
}

static void skip_line(struct parser *parser)
{
	while (parser->from < parser->end && *parser->from != '\n')
		parser->from++;
}

static void take(struct parser *parser)
{
	parser->number += *parser->from == '\n';
	*parser->to++ = *parser->from++;
}

static bool at_line_end(const struct parser *parser)
{
	return parser->from == parser->end || *parser->from == '\n';
}

static int add_word(struct parser *parser, char *word)
{
	struct jobfile_line *line = &parser->line;
	char **grown = reallocarray(line->word, line->word_count + 2, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	line->word = grown;
	grown[line->word_count++] = word;
	grown[line->word_count] = NULL;
	return 0;
}

/* ---- words ---- */

static void take_single(struct parser *parser)
{
	unsigned number = parser->number;

	parser->from++;
	while (parser->from < parser->end && *parser->from != '\'')
		take(parser);
	if (parser->from == parser->end)
		complain(parser, number, "a quote is not closed", '\'');
	else
		parser->from++;
}

/* Behind a backslash between double quotes: only these lose it. */
static void take_escaped(struct parser *parser)
{
	if (parser->end - parser->from < 2 || !strchr("\"\\$`\n", parser->from[1])) {
		take(parser);
		return;
	}
	parser->from++;
	if (*parser->from != '\n') {
		take(parser);
		return;
	}
	parser->number++;
	parser->from++;
}

static void take_double(struct parser *parser)
{
	unsigned number = parser->number;

	parser->from++;
	while (parser->from < parser->end && *parser->from != '"') {
		if (*parser->from == '\\') {
			take_escaped(parser);
			continue;
		}
		if (strchr("$`", *parser->from))
			complain(parser, parser->number, "nothing is expanded here; quote it",
				*parser->from);
		take(parser);
	}
	if (parser->from == parser->end)
		complain(parser, number, "a quote is not closed", '"');
	else
		parser->from++;
}

/* A backslash outside quotes. */
static void take_backslash(struct parser *parser)
{
	parser->from++;
	if (parser->from == parser->end) {
		complain(parser, parser->number, "nothing follows a backslash", '\0');
	} else if (*parser->from == '\n') {
		parser->number++;
		parser->from++;
	} else {
		take(parser);
	}
}

static void take_plain(struct parser *parser, bool first)
{
	char what = *parser->from;

	if (strchr(ACTS, what))
		complain(parser, parser->number, "there is no shell here; quote it", what);
	else if (strchr(EXPANDS, what) || (first && what == '~'))
		complain(parser, parser->number, "nothing is expanded here; quote it", what);
	take(parser);
}

/* Files of other systems end their lines with two characters. */
static bool at_word_end(const struct parser *parser)
{
	if (at_line_end(parser) || *parser->from == ' ' || *parser->from == '\t')
		return true;
	return *parser->from == '\r' && parser->end - parser->from >= 2 && parser->from[1] == '\n';
}

static int take_word(struct parser *parser)
{
	char *word = parser->to;
	bool first = true;

	while (!at_word_end(parser)) {
		if (*parser->from == '\'')
			take_single(parser);
		else if (*parser->from == '"')
			take_double(parser);
		else if (*parser->from == '\\')
			take_backslash(parser);
		else
			take_plain(parser, first);
		first = false;
	}
	/* The blank or line end behind it makes room; behind the last one there is a NUL. */
	return add_word(parser, word);
}

/* ---- lines ---- */

static int add_line(struct parser *parser)
{
	struct jobfile *file = parser->file;
	struct jobfile_line *grown, *line = &parser->line;

	if (strcmp(line->word[0], BARRIER) == 0) {
		if (line->word_count > 1)
			complain(parser, line->number, "'" BARRIER "' stands alone on its line",
				'\0');
		free(line->word);
		parser->stage++;
		return 0;
	}
	grown = reallocarray(file->line, file->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	file->line = grown;
	line->stage = parser->stage;
	grown[file->count++] = *line;
	return 0;
}

static bool at_join(const struct parser *parser)
{
	return parser->end - parser->from >= 2 && parser->from[0] == '\\' &&
	       parser->from[1] == '\n';
}

static void skip_blanks(struct parser *parser)
{
	for (;;) {
		if (at_join(parser)) {
			parser->number++;
			parser->from += 2;
		} else if (!at_line_end(parser) && at_word_end(parser)) {
			parser->from++;
		} else {
			return;
		}
	}
}

static int take_line(struct parser *parser)
{
	int error = 0;

	parser->line = (struct jobfile_line){.number = parser->number};
	for (;;) {
		skip_blanks(parser);
		if (at_line_end(parser))
			break;
		if (*parser->from == '#') {
			skip_line(parser);
			break;
		}
		if (!parser->line.word_count)
			parser->line.number = parser->number;
		error = take_word(parser);
		if (error)
			break;
		/* Where the word ends: what stood there was read. */
		if (parser->from < parser->end && *parser->from != '\n')
			parser->from++;
		*parser->to++ = '\0';
	}
	if (!error && parser->line.word_count)
		error = add_line(parser);
	if (error)
		free(parser->line.word);
	if (parser->from < parser->end) {
		parser->from++;
		parser->number++;
	}
	return error;
}

/* Before anything else, so that all that follows deals with strings. */
static void refuse_nul(struct parser *parser)
{
	const char *nul = memchr(parser->from, '\0', (size_t)(parser->end - parser->from));
	unsigned number = 1;

	if (!nul)
		return;
	for (const char *at = parser->from; at < nul; at++)
		number += *at == '\n';
	complain(parser, number, "there is a NUL byte", '\0');
	parser->end = parser->from;
}

int jobfile_parse(const char *text, size_t bytes,
	void (*wrong)(void *context, const struct jobfile_error *error), void *context,
	struct jobfile *ret_file)
{
	/* The words can't be longer than the text, with an end for each line's last one. */
	struct jobfile file = {.text = malloc(bytes + 1)};
	struct parser parser = {
		.from = text,
		.end = text + bytes,
		.to = file.text,
		.number = 1,
		.wrong = wrong,
		.context = context,
		.file = &file,
	};
	int error = file.text ? 0 : -ENOMEM;

	if (!error)
		refuse_nul(&parser);
	while (!error && parser.from < parser.end)
		error = take_line(&parser);
	if (!error && parser.failed)
		error = -EINVAL;
	if (error)
		jobfile_free(&file);
	else
		*ret_file = file;
	return error;
}

void jobfile_free(struct jobfile *file)
{
	for (size_t i = 0; i < file->count; i++)
		free(file->line[i].word);
	free(file->line);
	free(file->text);
	*file = (struct jobfile){0};
}
