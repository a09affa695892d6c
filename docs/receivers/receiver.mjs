// Receives the webhooks of poller: verifies them, keeps each event once, knows which is the latest of a job. Node 20, no packages.
// HOOK_SECRET: the notifier's `secret`, or several with spaces between them. PORT: 8000.

import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";

const KEYS = process.env.HOOK_SECRET.split(/\s+/).map((secret) => Buffer.from(secret.replace(/^whsec_/, ""), "base64"));
const FILE = "events.jsonl";
const LIMIT = 4 * 1024 * 1024; // bytes; more is not read
const TOLERANCE = 300; // seconds that the clocks may differ; an older request may be a replay

const seen = new Set(); // ids
const latest = new Map(); // job -> highest sequence

/** Whether one of our secrets has signed this body, just now. */
function verified(headers, body) {
  const id = headers["webhook-id"] ?? "";
  const stamp = headers["webhook-timestamp"] ?? "";
  if (!/^[0-9]+$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > TOLERANCE) return false;
  const given = (headers["webhook-signature"] ?? "").split(" ").map((one) => Buffer.from(one));
  return KEYS.some((key) => {
    const signature = createHmac("sha256", key).update(`${id}.${stamp}.`).update(body).digest("base64");
    const expected = Buffer.from(`v1,${signature}`);
    return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
}

/** Remember the event: "latest" of its job, or "late"; null if it was there already. */
function remember(event) {
  if (seen.has(event.id)) return null;
  seen.add(event.id);
  const newest = latest.get(event.subject) ?? "";
  const sequence = event.sequence ?? "";
  if (sequence >= newest) latest.set(event.subject, sequence);
  return sequence < newest ? "late" : "latest";
}

if (existsSync(FILE)) {
  for (const line of readFileSync(FILE, "utf8").split("\n").filter(Boolean)) {
    try {
      remember(JSON.parse(line));
    } catch {
      // A line that a crash cut off was not answered with 2xx: it comes again.
    }
  }
}
const file = openSync(FILE, "a");
writeSync(file, "\n"); // ends what a crash cut off; an empty line means nothing

function store(events) {
  const fresh = events.map((event) => [remember(event), event]).filter(([place]) => place !== null);
  for (const [, event] of fresh) writeSync(file, JSON.stringify(event) + "\n");
  fsyncSync(file); // on the disk before the answer
  for (const [place, event] of fresh) console.log(`${place}: ${event.data.summary}`);
}

const server = createServer((request, response) => {
  const chunks = [];
  let length = 0;
  request.on("data", (chunk) => {
    length += chunk.length;
    if (length <= LIMIT) chunks.push(chunk);
  });
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    if (length > LIMIT) return response.writeHead(413).end();
    if (!verified(request.headers, body)) return response.writeHead(401).end();
    const told = JSON.parse(body.toString("utf8"));
    store(Array.isArray(told) ? told : [told]); // an array: events that are told together
    response.writeHead(204).end(); // also for what was there already
  });
});
server.requestTimeout = 20_000; // milliseconds; a sender that stalls is dropped
server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => {
  console.log(`listening on port ${server.address().port}`);
});
