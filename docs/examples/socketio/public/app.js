// SPDX-License-Identifier: MIT
"use strict";

const jobs = new Map();
const ports = new Map();
const socket = io();

// A list item with a bar for each job. Events that come late (by `seq`) are dropped.
function itemOf(event) {
	let item = jobs.get(event.job);
	if (!item || event.state === "started") {
		item?.remove();
		item = document.createElement("li");
		item.append(document.createElement("div"), document.createElement("progress"),
			document.createElement("small"));
		document.getElementById("jobs").prepend(item);
		jobs.set(event.job, item);
	}
	if (event.seq <= Number(item.dataset.seq || 0))
		return null;
	item.dataset.seq = event.seq;
	return item;
}

socket.on("job", (event) => {
	const item = event.op === "watch" ? null : itemOf(event); // that one only tells of devices
	if (!item)
		return;
	const dest = event.dest ? ` → ${event.dest}` : "";
	item.children[0].textContent = `${event.op} ${event.sources.join(" ")}${dest}: ${event.state}`;
	// What a serial port receives has no end that could be known.
	item.children[1].hidden = event.op === "serial" && !event.dest;
});

socket.on("progress", (event) => {
	const item = itemOf(event);
	if (!item)
		return;
	const bytes = Number(event.bytes.planned);
	const there = Number(event.files.done) + Number(event.files.skipped);
	item.children[1].max = bytes || Number(event.files.planned) || 1;
	item.children[1].value = bytes ? Number(event.bytes.accepted) : there;
	item.children[2].textContent = `${there} of ${event.files.planned} files, ` +
		`${(event.rate_bytes_per_s / 1e6).toFixed(1)} MB/s`;
});

socket.on("file", (event) => {
	if (event.state === "failed")
		console.warn(event.path, event.message);
});

socket.on("device", (event) => {
	const item = document.createElement("li");
	item.textContent = `${event.label || event.device} ${event.action} ${event.mount_point || ""}`;
	document.getElementById("devices").prepend(item);
});

// The last line of each port, or what became of the port.
socket.on("serial", (event) => {
	let item = ports.get(event.port);
	if (!item) {
		item = document.createElement("li");
		document.getElementById("serial").append(item);
		ports.set(event.port, item);
	}
	item.textContent = `${event.port}: ${event.state === "line" ? event.data : event.state}`;
});
