// SPDX-License-Identifier: MIT
//
// A stock Socket.IO server with the Redis adapter. Nothing in it knows of haul: what `haul publish
// --socketio` puts on Redis reaches the clients by itself. The one thing added is the state of jobs
// for pages that are opened late, which haul keeps in Redis with --redis.
"use strict";

const { createServer } = require("node:http");
const { readFile } = require("node:fs/promises");
const { join } = require("node:path");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");

const REDIS = process.env.REDIS_SOCKET || "/run/redis/redis-server.sock";
const PORT = Number(process.env.PORT || 3000);
const FILES = {
	"/": ["index.html", "text/html; charset=utf-8"],
	"/app.js": ["app.js", "text/javascript; charset=utf-8"],
};

async function serveFile(request, response) {
	const [name, type] = FILES[request.url] || [];
	if (!name) {
		response.writeHead(404).end("nothing is here\n");
		return;
	}
	const text = await readFile(join(__dirname, "public", name));
	response.writeHead(200, { "Content-Type": type }).end(text);
}

// The last state of each job, for a client that has just come.
async function tellStates(redis, socket) {
	for await (const keys of redis.scanIterator({ MATCH: "haul:job:*" }))
		for (const key of [keys].flat()) {
			const state = await redis.hGetAll(key);
			const events = [state.event, state.progress].filter(Boolean).map((json) => JSON.parse(json));
			for (const event of events.sort((one, other) => one.seq - other.seq))
				socket.emit(event.event, event);
		}
}

async function main() {
	const redis = createClient({ socket: { path: REDIS } });
	const subscriber = redis.duplicate();
	await Promise.all([redis.connect(), subscriber.connect()]);
	const http = createServer(serveFile);
	const io = new Server(http, { adapter: createAdapter(redis, subscriber) });
	io.on("connection", (socket) => tellStates(redis, socket));
	http.listen(PORT, "127.0.0.1", () =>
		console.log(`http://127.0.0.1:${http.address().port}/`));
}

main();
