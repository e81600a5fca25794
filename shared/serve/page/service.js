// The two addresses of the service, and what can go wrong with them.
const KEY = "verticals.key";
let given = stored();

function stored() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const hasKey = () => Boolean(given);

export function useKey(key) {
  given = key;
  try {
    if (key) sessionStorage.setItem(KEY, key);
    else sessionStorage.removeItem(KEY);
  } catch {
    // it is kept for this view alone
  }
}

// No answer. status 0: not reached, -1: cancelled; else of HTTP, with its problem document.
export class Trouble extends Error {
  constructor(status, problem = {}, seconds = null) {
    super(problem.detail ?? `status ${status}`);
    Object.assign(this, { status, problem, seconds, faults: problem.faults ?? [] });
  }
}

// What the page itself sees before anything is sent.
export function refuse(word, values) {
  throw Object.assign(new Trouble(-2), { word, values });
}

export const readModel = () => request("GET", "v1/model");

export const readInterface = () => request("GET", "openapi.json");

// question: see questions.js. told: called with { percent } while sending, and without it while waiting.
export function ask({ path, type, body }, told, signal) {
  return request("POST", path, { type, body, told, signal });
}

function request(method, path, { type, body, told = () => {}, signal } = {}) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest(); // unlike fetch it tells how much was sent
    call.open(method, path);
    call.setRequestHeader("Accept", "application/json");
    if (type) call.setRequestHeader("Content-Type", type);
    if (given) call.setRequestHeader("X-API-Key", given);
    call.upload.onprogress = (event) => event.total && told({ share: event.loaded / event.total });
    call.upload.onload = () => told({});
    call.onload = () => settle(call, resolve, reject);
    call.onerror = () => reject(new Trouble(0));
    call.onabort = () => reject(new Trouble(-1));
    signal?.addEventListener("abort", () => call.abort());
    call.send(body ?? null);
  });
}

function settle(call, resolve, reject) {
  let content = {};
  try {
    content = JSON.parse(call.responseText);
  } catch {
    if (call.status === 200) return reject(new Trouble(500));
  }
  if (call.status === 200) return resolve(content);
  const seconds = Number(call.getResponseHeader("Retry-After")) || null;
  return reject(new Trouble(call.status, content, seconds));
}
