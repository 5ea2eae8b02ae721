// SPDX-License-Identifier: MIT
//
// listen.js KIND ADDRESS JOB: hears of a job as a program or page would, and prints what
// build/bench/latency prints: how old events of finished files were when they came, and when
// progress came. KIND is redis or socketio (ADDRESS: the Redis socket), http or page (ADDRESS: the
// page's URL). Prints "ready" first. SIGTERM ends it where the job doesn't.
"use strict";

const [kind, address, job] = process.argv.slice(2);
const FINAL = ["done", "failed", "cancelled"];
const CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"];

const heard = { latency_ms: [], updates_ms: [] };

function finish() {
	console.log(JSON.stringify(heard));
	process.exit(0);
}

const now = () => performance.timeOrigin + performance.now();
// Date.parse knows no microseconds.
const timeOf = (event) =>
	Date.parse(event.time.slice(0, 19) + "Z") + Number(event.time.slice(19, -1)) * 1000;

function take(event, at) {
	if (event.job !== job)
		return;
	if (event.event === "progress")
		heard.updates_ms.push(at);
	if (event.event === "file")
		heard.latency_ms.push(at - timeOf(event));
	if (event.event === "job" && FINAL.includes(event.state))
		finish();
}

async function connectRedis() {
	const { createClient } = require("redis");
	const client = createClient({ socket: { path: address } });
	await client.connect();
	return client;
}

async function listenRedis() {
	const client = await connectRedis();
	await client.pSubscribe("haul:job:*:events", (text) => take(JSON.parse(text), now()));
}

async function listenSocketio() {
	const { createServer } = require("node:http");
	const { Server } = require("socket.io");
	const { io } = require("socket.io-client");
	const { createAdapter } = require("@socket.io/redis-adapter");
	const clients = [await connectRedis(), await connectRedis()];
	const http = createServer();
	new Server(http, { adapter: createAdapter(...clients) });
	await new Promise((listening) => http.listen(0, "127.0.0.1", listening));
	const client = io(`http://127.0.0.1:${http.address().port}`, { transports: ["websocket"] });
	client.onAny((name, event) => take(event, now()));
	await new Promise((connected) => client.on("connect", connected));
}

async function listenHttp() {
	const response = await fetch(new URL("events", address));
	const decoder = new TextDecoder();
	let rest = "";
	(async () => {
		for await (const chunk of response.body) {
			const messages = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
			rest = messages.pop();
			for (const message of messages)
				if (message.startsWith("data: "))
					take(JSON.parse(message.slice(6)), now());
		}
	})();
}

// In the page's own process, beside the page's own listener, which draws meanwhile.
function listenInPage() {
	const source = new EventSource("events");
	source.onmessage = (message) =>
		window.heard([message.data, performance.timeOrigin + performance.now()]);
	return new Promise((opened) => source.addEventListener("hello", () => opened()));
}

async function listenPage() {
	const { chromium } = require("playwright-core");
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: CHROMIUM });
	const page = await browser.newPage();
	await page.exposeFunction("heard", ([data, at]) => take(JSON.parse(data), at));
	await page.goto(address);
	await page.evaluate(listenInPage);
}

const LISTEN = { redis: listenRedis, socketio: listenSocketio, http: listenHttp, page: listenPage };

process.on("SIGTERM", finish);
LISTEN[kind]().then(() => console.log("ready"));
