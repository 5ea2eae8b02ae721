// SPDX-License-Identifier: MIT
//
// example.js URL: looks at the example's page (docs/examples/socketio) in a real browser. Prints
// "ready" when it is connected, then waits for a copy that fails, one whose files are all there
// already, a device and a line of a serial port, and prints "good". Anything unexpected ends it with
// status 1.
"use strict";

const assert = require("node:assert/strict");
const { chromium } = require("playwright-core");

const complaints = [];

// A job's item, by its text; and how much of its bar is filled.
const job = (page, text) => page.locator("#jobs li", { hasText: text });
const filled = (item) => item.locator("progress").evaluate((bar) => bar.position);

async function watch(page) {
	await page.goto(process.argv[2]);
	await page.waitForFunction(() => socket.connected); // a global of the page
	console.log("ready");
	await job(page, /^cp .*tree → .*copy: failed/).waitFor();
	const again = job(page, /^cp .*again\/\. → .*copy\/again: done/);
	await again.waitFor();
	assert.equal(await filled(again), 1);
	await page.locator("#devices li", { hasText: "mounted" }).first().waitFor();
	await page.locator("#serial li", { hasText: "T=21.5" }).waitFor();
	assert.equal(await job(page, "watch").count(), 0);
}

async function main() {
	const browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
	});
	const page = await browser.newPage();
	page.setDefaultTimeout(20000);
	page.on("pageerror", (error) => complaints.push(error.message));
	page.on("console", (message) => {
		// Failed files are warnings.
		if (message.type() === "error")
			complaints.push(message.text());
	});
	await watch(page);
	await browser.close();
	assert.deepEqual(complaints, []);
	console.log("good");
}

main().catch((error) => {
	console.error(error, complaints);
	process.exit(1);
});
