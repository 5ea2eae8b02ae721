// SPDX-License-Identifier: MIT
"use strict";

const jobs = new Map();
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
	const item = itemOf(event);
	if (item)
		item.children[0].textContent =
			`${event.op} ${event.sources.join(" ")} → ${event.dest || ""}: ${event.state}`;
});

socket.on("progress", (event) => {
	const item = itemOf(event);
	if (!item)
		return;
	item.children[1].max = Number(event.bytes.planned) || Number(event.files.planned) || 1;
	item.children[1].value = Number(event.bytes.accepted) || Number(event.files.done);
	item.children[2].textContent = `${event.files.done} of ${event.files.planned} files, ` +
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
