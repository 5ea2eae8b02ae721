// SPDX-License-Identifier: MIT
//
// socketio.js REDIS-SOCKET ROOM: a stock Socket.IO server with the Redis adapter, and two stock
// clients: one in no room, one in ROOM. Prints "ready", then a line for each event: the client, the
// event's name and its argument.
"use strict";

const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");

const EVENTS = ["job", "progress", "file", "device", "serial"];

async function serve(path) {
	const publisher = createClient({ socket: { path } });
	const subscriber = publisher.duplicate();
	await Promise.all([publisher.connect(), subscriber.connect()]);
	const http = createServer();
	const server = new Server(http, { adapter: createAdapter(publisher, subscriber) });
	server.on("connection", (socket) => socket.on("watch", (room, done) => {
		socket.join(room);
		done();
	}));
	await new Promise((listening) => http.listen(0, "127.0.0.1", listening));
	return http.address().port;
}

async function listen(port, name, room) {
	const client = io(`http://127.0.0.1:${port}`);
	for (const event of EVENTS)
		client.on(event, (argument) =>
			console.log(`${name} ${event} ${JSON.stringify(argument)}`));
	await new Promise((connected) => client.on("connect", connected));
	if (room)
		await client.emitWithAck("watch", room);
}

async function main() {
	const port = await serve(process.argv[2]);
	await listen(port, "all", null);
	await listen(port, "room", process.argv[3]);
	console.log("ready");
}

main();
