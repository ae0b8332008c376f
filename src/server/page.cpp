// The page at /: lists, neighbours and explanations to look at, without anything from elsewhere.
#include "src/server/api.h"

namespace latent {

std::string page_html() {
  return R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>latent</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #fff;
        --accent: #0a58ca; --bar: #cfe2ff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa4af; --line: #3a424c; --paper: #12161b; --accent: #7ab7ff;
          --bar: #1f3a5f; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; font: 16px/1.45 system-ui, sans-serif;
       color: var(--ink); background: var(--paper); }
h1 { font-size: 1.3rem; margin: 0 0 .8rem; }
h2 { font-size: 1.05rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
form { display: flex; flex-wrap: wrap; gap: .5rem; margin-bottom: .6rem; }
label { flex: 1 1 14rem; color: var(--soft); font-size: .85rem; }
input { width: 100%; padding: .45rem .6rem; font: inherit; color: var(--ink);
        background: var(--paper); border: 1px solid var(--line); border-radius: 6px; }
button { font: inherit; padding: .45rem .9rem; border: 1px solid var(--line); border-radius: 6px;
         background: var(--paper); color: var(--accent); cursor: pointer; align-self: end; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); }
section { border: 1px solid var(--line); border-radius: 8px; padding: .8rem; min-width: 0; }
ol { margin: 0; padding-left: 1.6rem; }
form[hidden] { display: none; }
li { margin: .15rem 0; overflow-wrap: anywhere; }
li button { border: 0; padding: 0; background: none; text-align: left; overflow-wrap: anywhere; }
.score { color: var(--soft); font-variant-numeric: tabular-nums; font-size: .85rem; }
#said { min-height: 1.4em; color: var(--soft); overflow-wrap: anywhere; }
</style>
<h1>latent</h1>
<form id="by-user"><label>A user's id <input id="user" autocomplete="off"></label>
<button>List</button></form>
<form id="by-item"><label>An item: id, or a part of its title
<input id="item" autocomplete="off"></label><button>Find</button></form>
<form id="by-token" hidden><label>The server's token
<input id="token" type="password" autocomplete="off"></label><button>Use</button></form>
<p id="said" role="status"></p>
<main id="lists"></main>
<script>
"use strict";
const lists = document.getElementById("lists"), said = document.getElementById("said");
let user = null;
async function ask(path, body) {
  const headers = {"Content-Type": "application/json"};
  const token = document.getElementById("token").value;
  if (token) headers.Authorization = "Bearer " + token;
  const answer = await fetch(path, {method: "POST", headers, body: JSON.stringify(body)});
  if (answer.status === 401) document.getElementById("by-token").hidden = false;
  const got = await answer.json();
  if (!answer.ok) throw new Error(got.error || answer.statusText);
  return got;
}
function put(id, title, rows, value) {
  const old = document.getElementById(id), section = document.createElement("section");
  section.id = id;
  const head = document.createElement("h2"), list = document.createElement("ol");
  head.textContent = title;
  for (const row of rows) {
    const line = document.createElement("li"), name = document.createElement("button");
    name.type = "button";
    name.textContent = row.title ? row.title : row.item;
    name.title = row.item;
    name.onclick = () => showItem(row.item, row.title);
    line.append(name);
    if (typeof row[value] === "number") {
      const score = document.createElement("span");
      score.className = "score";
      score.textContent = " " + row[value].toPrecision(4);
      line.append(score);
    }
    list.append(line);
  }
  if (!rows.length) list.append("nothing");
  section.append(head, list);
  if (old) old.replaceWith(section); else lists.append(section);
}
async function trying(work) {
  said.textContent = "";
  try { await work(); } catch (e) { said.textContent = e.message; }
}
function showItem(item, title) {
  return trying(async () => {
    const near = await ask("/similar", {item, k: 10});
    put("near", "Like " + (title || item), near.items, "score");
    if (user === null) return;
    const why = await ask("/explain", {user, item, k: 10});
    put("why", "Why " + (title || item) + " for " + user, why.items, "contribution");
  });
}
document.getElementById("by-user").onsubmit = e => {
  e.preventDefault();
  const id = document.getElementById("user").value;
  trying(async () => {
    const got = await ask("/recommend", {user: id, k: 10, unknown: "popular"});
    user = got.unknown ? null : id;
    put("best", got.unknown ? "Most popular; " + id + " is unknown" : "For " + id, got.items,
        "score");
  });
};
document.getElementById("by-item").onsubmit = e => {
  e.preventDefault();
  trying(async () => {
    const got = await ask("/find", {text: document.getElementById("item").value, k: 10});
    put("found", "Found", got.items, "");
    if (got.items.length === 1) await showItem(got.items[0].item, got.items[0].title);
  });
};
document.getElementById("by-token").onsubmit = e => {
  e.preventDefault();
  for (const what of ["user", "item"]) {
    if (document.getElementById(what).value)
      document.getElementById("by-" + what).requestSubmit();
  }
};
// #user=ID and #item=ID ask at once: links to an answer.
const asked = new URLSearchParams(location.hash.slice(1));
for (const what of ["user", "item"]) {
  if (!asked.has(what)) continue;
  document.getElementById(what).value = asked.get(what);
  document.getElementById("by-" + what).requestSubmit();
}
</script>
</html>
)html";
}

}  // namespace latent
