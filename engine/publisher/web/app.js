// SPDX-License-Identifier: MIT
//
// Shows what /events says. Events only change `jobs`, `devices` and `ports`; the page is drawn from
// those at most once a frame.
"use strict";

const HISTORY_MS = 60000;
const FAILURES_SHOWN = 100;
const JOBS_KEPT = 50;
const LINES_KEPT = 8;
const LINE_SHOWN = 160; // characters: a device may send anything, and as much as it likes
const FINAL = ["done", "failed", "cancelled"];
const WORDS = { cp: "Copy", mv: "Move", rm: "Delete", verify: "Compare", serial: "Serial" };

const byId = (id) => document.getElementById(id);

let jobs = new Map();
let devices = new Map();
let holders = new Map(); // of devices: the jobs that use them
let ports = new Map();
let watches = new Set(); // jobs that only tell of devices
let canControl = false;
let drawing = false;

// ---- numbers for people ----

const count = new Intl.NumberFormat("en");

function size(bytes) {
	const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
	let unit = 0;
	while (bytes >= 999.5 && unit < units.length - 1) {
		bytes /= 1000;
		unit++;
	}
	return `${bytes.toFixed(unit && bytes < 99.95 ? 1 : 0)} ${units[unit]}`;
}

function clock(seconds) {
	const total = Math.max(0, Math.round(seconds));
	const two = (number) => String(number).padStart(2, "0");
	const minutes = Math.floor(total / 60);
	if (total < 3600)
		return `${minutes}:${two(total % 60)}`;
	if (total < 86400)
		return `${Math.floor(total / 3600)}:${two(minutes % 60)}:${two(total % 60)}`;
	return `${Math.floor(total / 86400)} d ${two(Math.floor(total / 3600) % 24)} h`;
}

function duration(seconds) {
	return seconds < 9.95 ? `${Math.max(0, seconds).toFixed(1)} s` : clock(seconds);
}

// ---- events ----

function jobOf(event) {
	let job = jobs.get(event.job);
	if (!job) {
		job = { name: event.job, seq: 0 };
		jobs.set(event.job, job);
	}
	return job;
}

function begin(job, event) {
	Object.assign(job, {
		started: Date.parse(event.time),
		ended: null,
		progress: null,
		history: [],
		failures: [],
		failed: 0,
	});
}

function takeJob(event) {
	const job = jobOf(event);
	if (event.state === "started" || !job.history)
		begin(job, event);
	Object.assign(job, {
		op: event.op,
		sources: event.sources,
		dest: event.dest,
		message: event.message,
		exit: event.exit,
		state: event.state === "started" || event.state === "resumed" ? "running" : event.state,
	});
	if (FINAL.includes(event.state)) {
		job.ended = Date.parse(event.time);
		letGo(event.job);
		announce(`${title(job)}: ${event.state}`);
		forgetOld();
	}
}

function takeProgress(event) {
	const job = jobOf(event);
	const time = Date.parse(event.time);
	if (!job.history)
		begin(job, event);
	job.progress = event;
	if (FINAL.includes(event.state))
		return;
	job.history.push({ time, rate: event.rate_bytes_per_s });
	while (job.history[0].time < time - HISTORY_MS)
		job.history.shift();
}

function takeFile(event) {
	if (event.state !== "failed")
		return;
	const job = jobOf(event);
	if (!job.failures)
		begin(job, event);
	job.failed++;
	job.failures.unshift(event);
	job.failures.length = Math.min(job.failures.length, FAILURES_SHOWN);
}

// What a job held is in use no more; what happened to a device stays in the list.
function letGo(job) {
	for (const [key, users] of holders) {
		users.delete(job);
		if (users.size === 0 && devices.get(key)?.action === "held")
			devices.delete(key);
	}
}

function takeDevice(event) {
	const key = event.device || event.mount_point || `${event.major}:${event.minor}`;
	// Of what is not mounted, that which may be pulled out is worth a look.
	if (event.current && event.action === "attached" && !event.removable)
		return;
	if (event.action === "held") {
		holders.set(key, (holders.get(key) || new Set()).add(event.job));
		if (devices.has(key))
			return;
	}
	devices.delete(key); // the newest goes to the end
	devices.set(key, event);
	const what = event.label || event.device || "device";
	if (!event.current)
		announce(`${what} ${event.action}${event.mount_point ? ` at ${event.mount_point}` : ""}`);
}

// Bytes that are no text show as the signs that Unicode has for them.
function printable(text) {
	const shown = text.length > LINE_SHOWN ? `${text.slice(0, LINE_SHOWN)}…` : text;
	return shown.replace(/[\0-\x1f\x7f]/g, (sign) => sign === "\x7f" ? "\u2421" :
		String.fromCharCode(0x2400 + sign.charCodeAt(0)));
}

function takeSerial(event) {
	const port = ports.get(event.port) || { lines: [] };
	if (event.state === "line")
		port.lines = [...port.lines, printable(event.data)].slice(-LINES_KEPT);
	else if (event.state === "dropped")
		port.dropped = event.data;
	else if (event.state === "progress")
		port.progress = event.data;
	else
		port.state = event.state;
	ports.set(event.port, port);
}

const TAKE = {
	job: takeJob,
	progress: takeProgress,
	file: takeFile,
	device: takeDevice,
	serial: takeSerial,
};

function take(event) {
	const take = TAKE[event.event];
	if (event.op === "watch")
		watches.add(event.job);
	if (!take || (watches.has(event.job) && event.event !== "device"))
		return;
	if (event.event === "job" || event.event === "progress") {
		const job = jobs.get(event.job);
		// What is older than what is known came late.
		if (job && event.seq <= job.seq && event.state !== "started")
			return;
		jobOf(event).seq = event.seq;
	}
	take(event);
	draw();
}

function forgetOld() {
	for (const job of jobs.values()) {
		if (jobs.size <= JOBS_KEPT)
			return;
		if (job.ended)
			remove(job);
	}
}

function remove(job) {
	jobs.delete(job.name);
	if (job.element)
		job.element.remove();
}

function announce(text) {
	byId("news").textContent = text;
}

// ---- the connection ----

function setLink(state, text) {
	byId("link").className = `link ${state}`;
	byId("link-text").textContent = text;
}

// The server tells everything again after its hello.
function reset(hello) {
	canControl = hello.control;
	jobs.forEach(remove);
	jobs = new Map();
	devices = new Map();
	holders = new Map();
	ports = new Map();
	watches = new Set();
	setLink("live", "live");
	draw();
}

function connect() {
	const source = new EventSource("events");
	source.addEventListener("hello", (message) => reset(JSON.parse(message.data)));
	source.onmessage = (message) => take(JSON.parse(message.data));
	source.onerror = () => {
		setLink("lost", "connection lost, trying again");
		// The browser gives up after some kinds of failure.
		if (source.readyState === EventSource.CLOSED)
			setTimeout(connect, 2000);
	};
}

// ---- drawing ----

function draw() {
	if (drawing)
		return;
	drawing = true;
	requestAnimationFrame(() => {
		drawing = false;
		drawAll();
	});
}

function setText(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

function title(job) {
	const source = job.sources && job.sources.length ? job.sources[0] : job.name;
	const others = job.sources ? job.sources.length - 1 : 0;
	return `${source}${others > 0 ? ` and ${count.format(others)} more` : ""}`;
}

function makeElement(job) {
	const element = byId("job-template").content.cloneNode(true).firstElementChild;
	for (const verb of ["pause", "resume", "cancel"])
		element.querySelector(`.${verb}`).addEventListener("click", () => control(job, verb));
	element.querySelector(".bar").setAttribute("aria-label", `Progress of ${title(job)}`);
	element.setAttribute("aria-label", title(job));
	element.dataset.job = job.name;
	byId("jobs").prepend(element);
	return element;
}

function finishedFiles(files) {
	return Number(files.done) + Number(files.failed) + Number(files.skipped);
}

function fractions(progress) {
	const bytes = progress.bytes;
	const planned = Number(bytes.planned);
	if (planned > 0)
		return {
			read: bytes.read / planned,
			accepted: bytes.accepted / planned,
			durable: bytes.durable / planned,
		};
	const files = Number(progress.files.planned);
	const done = files ? finishedFiles(progress.files) / files : 0;
	return { read: done, accepted: done, durable: 0 };
}

function percent(progress, fraction) {
	if (!progress.planning_done)
		return `≤ ${Math.floor(fraction * 100)} %`;
	// What failed is not there.
	const there = Number(progress.files.done) + Number(progress.files.skipped);
	const all = there >= Number(progress.files.planned) && !progress.unwritten_bytes;
	return `${Math.min(Math.floor(fraction * 100), all ? 100 : 99)} %`;
}

function drawBar(element, progress) {
	const part = fractions(progress);
	const bar = element.querySelector(".bar");
	const text = percent(progress, part.accepted);
	for (const name of ["read", "accepted", "durable"]) {
		const left = Math.min(1, part[name]) * 100 - 100;
		bar.querySelector(`.${name}`).style.transform = `translateX(${left.toFixed(2)}%)`;
	}
	bar.setAttribute("aria-valuenow", String(Math.floor(Math.min(1, part.accepted) * 100)));
	bar.setAttribute("aria-valuetext", text);
	setText(element.querySelector(".percent"), text);
}

// What a port receives has no end that could be known.
function isEndless(job) {
	return job.op === "serial" && !job.dest;
}

function drawEndless(element, job) {
	const progress = job.progress;
	const seconds = ((job.ended || Date.parse(progress.time)) - job.started) / 1000;
	setText(element.querySelector(".bytes"), size(Number(progress.bytes.read)));
	setText(element.querySelector(".rate"), job.ended ? "–" : `${size(progress.rate_bytes_per_s)}/s`);
	setText(element.querySelector(".time-name"), job.ended ? "Took" : "For");
	setText(element.querySelector(".time"), duration(seconds));
}

function drawFacts(element, job) {
	const progress = job.progress;
	const least = progress.planning_done ? "" : "≥ ";
	const seconds = ((job.ended || Date.parse(progress.time)) - job.started) / 1000;
	const bytes = Number(progress.bytes.accepted);
	const rate = job.ended ? bytes / Math.max(seconds, 0.001) : progress.rate_bytes_per_s;
	const planned = Number(progress.bytes.planned);
	const unwritten = Number(progress.unwritten_bytes || 0);
	setText(element.querySelector(".bytes"), unwritten ? `writing: ${size(unwritten)} left` :
		planned || bytes ? `${size(bytes)} of ${least}${size(planned)}` : "–");
	setText(element.querySelector(".files"),
		`${count.format(finishedFiles(progress.files))} of ${least}` +
		`${count.format(Number(progress.files.planned))}`);
	setText(element.querySelector(".rate"), job.state === "paused" ? "–" : `${size(rate)}/s`);
	setText(element.querySelector(".time-name"), job.ended ? "Took" : "Left");
	if (job.ended)
		setText(element.querySelector(".time"), duration(seconds));
	else
		setText(element.querySelector(".time"),
			progress.eta_s === null ? "–" : clock(progress.eta_s));
}

function drawLine(element, history) {
	const svg = element.querySelector(".line");
	// Who comes late has seen nothing of a job that is over.
	svg.toggleAttribute("hidden", history.length < 2);
	element.querySelector(".peak").hidden = history.length < 2;
	if (history.length < 2)
		return;
	const points = history.filter((point, at) => at % Math.ceil(history.length / 300) === 0);
	const first = points[0].time;
	const span = Math.max(points[points.length - 1].time - first, 1000);
	const top = Math.max(...points.map((point) => point.rate), 1) * 1.1;
	const at = (point) => `${(((point.time - first) / span) * 600).toFixed(1)} ` +
		`${(60 - (point.rate / top) * 60).toFixed(1)}`;
	const path = points.map(at).join("L");
	const end = ((points[points.length - 1].time - first) / span) * 600;
	setText(element.querySelector(".peak"), `peak ${size(top / 1.1)}/s`);
	svg.querySelector(".stroke").setAttribute("d", `M${path}`);
	svg.querySelector(".area").setAttribute("d", `M0 60L${path}L${end.toFixed(1)} 60Z`);
}

function drawList(list, texts, make) {
	while (list.children.length > texts.length)
		list.lastElementChild.remove();
	texts.forEach((text, at) => {
		if (!list.children[at])
			list.append(make());
		setText(list.children[at].firstElementChild || list.children[at], text);
	});
}

// Paths are cut from the left, where they differ least; the isolation keeps their order.
function currentItem() {
	const item = document.createElement("li");
	item.append(document.createElement("bdi"));
	return item;
}

function drawFailures(element, job) {
	const details = element.querySelector(".failures");
	details.hidden = job.failures.length === 0;
	const total = Math.max(job.failed, job.progress ? Number(job.progress.files.failed) : 0);
	setText(details.querySelector("summary"), `${count.format(total)} failed`);
	drawList(details.querySelector("ol"),
		job.failures.map((file) => `${file.path}: ${file.message || file.errno}`),
		() => document.createElement("li"));
}

function drawButtons(element, job) {
	const running = canControl && !job.ended;
	element.querySelector(".pause").hidden = !running || job.state === "paused";
	element.querySelector(".resume").hidden = !running || job.state !== "paused";
	element.querySelector(".cancel").hidden = !running;
}

function drawJob(job) {
	const element = job.element || (job.element = makeElement(job));
	element.className = `job ${job.state || ""}${isEndless(job) ? " endless" : ""}`;
	setText(element.querySelector(".op"), WORDS[job.op] || job.op || "");
	setText(element.querySelector(".source"), title(job));
	setText(element.querySelector(".dest"),
		`${job.dest ? `to ${job.dest}` : ""}${job.dest ? " · " : ""}${job.name}`);
	setText(element.querySelector(".state"), job.state || "running");
	if (job.progress) {
		if (isEndless(job)) {
			drawEndless(element, job);
		} else {
			drawBar(element, job.progress);
			drawFacts(element, job);
		}
		drawLine(element, job.history);
		drawList(element.querySelector(".current"), job.ended ? [] : job.progress.current,
			currentItem);
	}
	drawFailures(element, job);
	drawButtons(element, job);
	if (job.message || job.explained)
		setText(element.querySelector(".answer"), job.message || "");
	job.explained = Boolean(job.message);
}

function listItem(what, more, gone) {
	const item = document.createElement("li");
	const head = document.createElement("span");
	head.className = gone ? "what gone" : "what";
	head.textContent = what;
	const rest = document.createElement("span");
	rest.className = "more";
	rest.textContent = more;
	item.append(head, rest);
	return item;
}

function deviceFacts(key, event) {
	const users = [...(holders.get(key) || [])];
	return [
		event.action === "held" ? "" : event.action,
		event.mount_point,
		event.fstype,
		event.label && event.device,
		event.action === "mounted" && event.free_bytes !== undefined &&
			`${size(Number(event.free_bytes))} free of ${size(Number(event.size_bytes))}`,
		users.length > 0 && `in use by ${users.join(", ")}`,
	].filter(Boolean).join(" · ");
}

function drawDevices() {
	const items = [...devices].reverse().map(([key, event]) => {
		const gone = event.action === "detached" || event.action === "unmounted";
		return listItem(event.label || event.device || `${event.major}:${event.minor}`,
			deviceFacts(key, event), gone);
	});
	byId("devices").replaceChildren(...items);
	byId("devices-section").hidden = items.length === 0;
}

function drawPorts() {
	const items = [...ports].map(([name, port]) => {
		const item = listItem(name, [port.state, port.progress, port.dropped].filter(Boolean).join(" · "),
			port.state === "closed" || port.state === "lost");
		if (port.lines.length) {
			const lines = document.createElement("pre");
			lines.textContent = port.lines.join("\n");
			item.append(lines);
		}
		return item;
	});
	byId("serial").replaceChildren(...items);
	byId("serial-section").hidden = items.length === 0;
}

function drawTotal() {
	const running = [...jobs.values()].filter((job) => !job.ended);
	const rate = running.reduce((sum, job) => sum + (job.progress ?
		job.progress.rate_bytes_per_s : 0), 0);
	const text = running.length === 0 ? "" :
		`${running.length} ${running.length === 1 ? "job" : "jobs"} · ${size(rate)}/s`;
	setText(byId("total"), text);
	document.title = text ? `${text} – haul` : "haul";
	byId("empty").hidden = jobs.size > 0;
}

function drawAll() {
	jobs.forEach(drawJob);
	drawDevices();
	drawPorts();
	drawTotal();
	const side = devices.size > 0 || ports.size > 0;
	byId("side").hidden = !side;
	document.querySelector("main").classList.toggle("with-side", side);
}

// ---- buttons ----

async function control(job, verb) {
	const answer = job.element.querySelector(".answer");
	if (verb === "cancel" && !confirm(`Cancel the job ${job.name}?`))
		return;
	setText(answer, "…");
	try {
		const response = await fetch(`jobs/${encodeURIComponent(job.name)}/${verb}`,
			{ method: "POST" });
		setText(answer, response.ok ? "" : await response.text());
	} catch {
		setText(answer, "haul can't be reached");
	}
}

connect();
