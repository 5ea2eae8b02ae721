/* SPDX-License-Identifier: MIT */
#include "publisher/rate.h"

#define NS_PER_S      1e9
#define SPEED_FADE_S  2.0  /* what is shown: follows a change within a few seconds */
#define WORK_FADE_S   15.0 /* what the time left is computed from: calmer */
#define ETA_FADE_S    3.0  /* how fast the time left drifts to a new estimate */
#define ETA_WARM_UP_S 0.5  /* say nothing sooner */
#define ETA_FACTOR    3.0  /* an estimate so far off is taken at once */
#define ETA_SLACK_S   10.0 /* ... unless it is only seconds off */

/* What creating a file costs, in bytes copied in that time: 23,000 small files of together 200 MB
 * took about 1 s where one large file ran at 1.5 to 3 GB/s. */
#define FILE_WORK_BYTES 65536.0

/* Weights fade by 1 / (1 + dt/fade), which for the small steps here is the exponential. */
static void fading_add(struct fading *fading, double amount, double seconds, double fade_s)
{
	double weight = fade_s / (fade_s + seconds);

	fading->amount = fading->amount * weight + amount;
	fading->seconds = fading->seconds * weight + seconds;
}

static double fading_speed(const struct fading *fading)
{
	return fading->seconds > 0 ? fading->amount / fading->seconds : 0;
}

static uint64_t files_finished(const struct haul_totals *totals)
{
	return totals->counter[HAUL_FILES_DONE] + totals->counter[HAUL_FILES_FAILED] +
	       totals->counter[HAUL_FILES_SKIPPED];
}

static double risen(uint64_t before, uint64_t now)
{
	return now > before ? (double)(now - before) : 0;
}

static double work_left(const struct rate *rate, const struct haul_totals *totals)
{
	return risen(rate->bytes, totals->counter[HAUL_BYTES_PLANNED]) +
	       risen(rate->files, totals->counter[HAUL_FILES_PLANNED]) * FILE_WORK_BYTES;
}

static bool is_far(double eta_s, double estimate_s)
{
	double low = eta_s < estimate_s ? eta_s : estimate_s;
	double high = eta_s < estimate_s ? estimate_s : eta_s;

	return high > low * ETA_FACTOR && high - low > ETA_SLACK_S;
}

static void eta_update(
	struct rate *rate, uint64_t now_ns, double seconds, const struct haul_totals *totals)
{
	double speed = fading_speed(&rate->work_speed);
	double estimate_s;

	if (!totals->planning_done || speed <= 0 ||
		(double)(now_ns - rate->start_ns) < ETA_WARM_UP_S * NS_PER_S) {
		rate->eta_known = false;
		return;
	}
	estimate_s = work_left(rate, totals) / speed;
	rate->eta_s -= seconds;
	if (!rate->eta_known || is_far(rate->eta_s, estimate_s))
		rate->eta_s = estimate_s;
	else
		rate->eta_s += (estimate_s - rate->eta_s) * seconds / (ETA_FADE_S + seconds);
	if (rate->eta_s < 0)
		rate->eta_s = 0;
	rate->eta_known = true;
}

void rate_start(struct rate *rate, uint64_t now_ns, const struct haul_totals *totals)
{
	*rate = (struct rate){
		.start_ns = now_ns,
		.last_ns = now_ns,
		.bytes = totals->counter[HAUL_BYTES_ACCEPTED],
		.files = files_finished(totals),
	};
}

void rate_update(struct rate *rate, uint64_t now_ns, const struct haul_totals *totals)
{
	double seconds = risen(rate->last_ns, now_ns) / NS_PER_S;
	double bytes = risen(rate->bytes, totals->counter[HAUL_BYTES_ACCEPTED]);
	double files = risen(rate->files, files_finished(totals));

	if (now_ns > rate->last_ns)
		rate->last_ns = now_ns;
	rate->bytes = totals->counter[HAUL_BYTES_ACCEPTED];
	rate->files = files_finished(totals);
	rate->unwritten_bytes = 0;
	if (totals->state == HAUL_STATE_PAUSED || seconds <= 0)
		return;
	fading_add(&rate->byte_speed, bytes, seconds, SPEED_FADE_S);
	fading_add(&rate->file_speed, files, seconds, SPEED_FADE_S);
	fading_add(&rate->work_speed, bytes + files * FILE_WORK_BYTES, seconds, WORK_FADE_S);
	eta_update(rate, now_ns, seconds, totals);
}

static void begin_writing(struct rate *rate)
{
	rate->byte_speed = (struct fading){0};
	rate->file_speed = (struct fading){0};
	rate->eta_known = false;
}

void rate_update_writing(struct rate *rate, uint64_t now_ns, uint64_t unwritten_bytes)
{
	double seconds = risen(rate->last_ns, now_ns) / NS_PER_S;
	double bytes = risen(unwritten_bytes, rate->unwritten_bytes);
	bool begins = !rate->unwritten_bytes;

	if (now_ns > rate->last_ns)
		rate->last_ns = now_ns;
	rate->unwritten_bytes = unwritten_bytes;
	if (begins)
		begin_writing(rate);
	if (begins || seconds <= 0)
		return;
	fading_add(&rate->byte_speed, bytes, seconds, SPEED_FADE_S);
	rate->eta_known = fading_speed(&rate->byte_speed) > 0;
	if (rate->eta_known)
		rate->eta_s = (double)unwritten_bytes / fading_speed(&rate->byte_speed);
}

double rate_bytes_per_s(const struct rate *rate)
{
	return fading_speed(&rate->byte_speed);
}

double rate_files_per_s(const struct rate *rate)
{
	return fading_speed(&rate->file_speed);
}

bool rate_eta(const struct rate *rate, double *ret_eta_s)
{
	if (rate->eta_known)
		*ret_eta_s = rate->eta_s;
	return rate->eta_known;
}
