// SPDX-License-Identifier: MIT
//
// golden.js REDIS-SOCKET: says of each message for Socket.IO's Redis adapter whether
// @socket.io/redis-emitter would have published the same bytes on the same channel. Prints "ready",
// then "same" or what differs, a line each.
"use strict";

const notepack = require("notepack.io");
const { Emitter } = require("@socket.io/redis-emitter");
const { createClient } = require("redis");

// What the emitter publishes for what a message holds.
function emitAgain([, packet, options]) {
	const published = [];
	const emitter = new Emitter({ publish: (...message) => published.push(message) });
	let operator = emitter.except(options.except);
	for (const room of options.rooms)
		operator = operator.to(room);
	if (options.flags.volatile)
		operator = operator.volatile;
	operator.emit(...packet.data);
	return published[0];
}

function compare(message, channel) {
	const [expectedChannel, expected] = emitAgain(notepack.decode(message));
	if (expectedChannel !== channel.toString())
		return `channel ${channel} instead of ${expectedChannel}`;
	if (!Buffer.from(expected).equals(message))
		return `${message.toString("hex")} instead of ${Buffer.from(expected).toString("hex")}`;
	return "same";
}

async function main() {
	const client = createClient({ socket: { path: process.argv[2] } });
	await client.connect();
	await client.pSubscribe("socket.io#*",
		(message, channel) => console.log(compare(message, channel)), true);
	console.log("ready");
}

main();
