// SPDX-License-Identifier: MIT
//
// page.js URL PICTURES: watches the jobs "page", "second" and "broken" in a real browser. Prints a
// line for each thing that the shell around it has to do: "start" (the job page), "restart" (the
// publisher), "second" (start that job), "broken" (start that job, which fails with the one file
// "fails", and have a serial port say "T=21.5"), and at last "good". Anything unexpected ends it with
// status 1. Pictures go to the directory PICTURES.
"use strict";

const assert = require("node:assert/strict");
const { chromium } = require("playwright-core");

const [url, pictures] = process.argv.slice(2);
const OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"];
const complaints = [];
let forgiving = false; // while the publisher is away, failed requests are expected

function watchForTrouble(page) {
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()) && !forgiving)
			complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(error.message));
	page.on("request", (request) => {
		if (!request.url().startsWith(url))
			complaints.push(`request to ${request.url()}`);
	});
	page.on("dialog", (dialog) => dialog.accept());
}

async function open(browser, options) {
	const page = await browser.newPage(options);
	watchForTrouble(page);
	await page.goto(url);
	return page;
}

const card = (page, name) => page.locator(`.job[data-job="${name}"]`);
const state = (page, name, text) =>
	card(page, name).locator(".state", { hasText: text }).waitFor({ timeout: 15000 });
const link = (page, text) =>
	page.locator("#link", { hasText: text }).waitFor({ timeout: 15000 });

// How often the number of bytes or the bar changed in a second and a half, and the longest gap.
function measure(page, name) {
	return card(page, name).evaluate((element) => new Promise((done) => {
		const times = [performance.now()];
		const observer = new MutationObserver(() => times.push(performance.now()));
		observer.observe(element.querySelector(".bar"), { attributes: true, subtree: true });
		setTimeout(() => {
			observer.disconnect();
			times.push(performance.now());
			const gaps = times.slice(1).map((time, at) => time - times[at]);
			done({ updates: times.length - 2, gap: Math.round(Math.max(...gaps)) });
		}, 1500);
	}));
}

async function checkAccessible(page) {
	const bar = card(page, "page").getByRole("progressbar");
	assert.match(await bar.getAttribute("aria-valuenow"), /^\d+$/);
	assert.match(await bar.getAttribute("aria-label"), /^Progress of /);
	const unnamed = await page.evaluate(() => [...document.querySelectorAll("button")]
		.filter((button) => !button.textContent.trim()).length);
	assert.equal(unnamed, 0);
	const tooWide = await page.evaluate(() =>
		document.documentElement.scrollWidth > document.documentElement.clientWidth);
	assert.equal(tooWide, false);
}

// How far each part of the bar reaches, and how many points the line of the speed has.
function drawn(page, name) {
	return card(page, name).evaluate((element) => {
		const part = (which) => 100 +
			Number(element.querySelector(`.bar .${which}`).style.transform.match(/-?[\d.]+/)[0]);
		return {
			read: part("read"),
			accepted: part("accepted"),
			durable: part("durable"),
			points: element.querySelector(".line .stroke").getAttribute("d").split("L").length,
		};
	});
}

async function checkDrawing(page) {
	const { read, accepted, durable, points } = await drawn(page, "page");
	assert.ok(read > 0 && read <= 100, `read ${read} %`);
	assert.ok(accepted > 0 && accepted <= read, `accepted ${accepted} % of ${read} % read`);
	assert.ok(durable >= 0 && durable <= accepted, `durable ${durable} % of ${accepted} %`);
	assert.ok(points >= 8, `${points} points`);
	await card(page, "page").locator(".current li", { hasText: "page" }).waitFor();
}

async function checkTrouble(page) {
	console.log("broken");
	await state(page, "broken", "failed");
	const failures = card(page, "broken").locator(".failures");
	assert.equal(await failures.locator("summary").textContent(), "1 failed");
	await failures.locator("summary").focus();
	await page.keyboard.press("Enter");
	await failures.locator("li", { hasText: /fails: ./ }).waitFor({ state: "visible" });
	await page.locator("#serial pre", { hasText: "T=21.5" }).waitFor();
}

async function useButtons(page) {
	// With the keyboard alone.
	await card(page, "page").getByRole("button", { name: "Pause" }).focus();
	await page.keyboard.press("Enter");
	await state(page, "page", "paused");
	await card(page, "page").getByRole("button", { name: "Resume" }).click();
	await state(page, "page", "running");
}

async function picture(page, name) {
	await page.screenshot({ path: `${pictures}/${name}.png` });
}

async function watchFirst(browser, page) {
	console.log("start");
	await state(page, "page", "running");
	await page.locator("#empty").waitFor({ state: "hidden" });
	const { updates, gap } = await measure(page, "page");
	console.error(`${updates} updates in 1.5 s, longest gap ${gap} ms`);
	assert.ok(updates >= 8, `${updates} updates`);
	await checkAccessible(page);
	await checkDrawing(page);
	await picture(page, "light");
	await useButtons(page);
	const phone = await open(browser, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
	await state(phone, "page", "running");
	await checkAccessible(phone);
	await picture(phone, "phone");
	await phone.close();
}

async function outliveRestart(page) {
	forgiving = true;
	console.log("restart");
	await link(page, "lost");
	await link(page, "live");
	await state(page, "page", "running");
	forgiving = false;
}

async function main() {
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: OPTIONS });
	const page = await open(browser, { viewport: { width: 1100, height: 640 }, colorScheme: "light" });
	await link(page, "live");
	await page.locator("#empty").waitFor();
	await page.locator("#devices li", { hasText: "mounted" }).first().waitFor();
	await watchFirst(browser, page);
	await outliveRestart(page);
	console.log("second");
	await state(page, "second", "running");
	await card(page, "second").getByRole("button", { name: "Cancel" }).click();
	await state(page, "second", "cancelled");
	await state(page, "page", "done");
	assert.equal(await card(page, "page").locator(".percent").textContent(), "100 %");
	await checkTrouble(page);
	await picture(page, "end");
	await browser.close();
	assert.deepEqual(complaints, []);
	console.log("good");
}

main().catch((error) => {
	console.error(error, complaints);
	process.exit(1);
});
