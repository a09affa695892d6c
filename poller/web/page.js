"use strict";
(() => {
  const every = 1000 * Number(document.body.dataset.refresh);
  const stale = document.getElementById("stale");
  let answered = new Date();
  async function renew() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(every) });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("all").replaceWith(fresh.getElementById("all"));
      answered = new Date();
      stale.hidden = true;
    } catch {
      stale.textContent = "poller has not answered since " + answered.toLocaleTimeString() + ": what is shown is old.";
      stale.hidden = false;
    }
  }
  setInterval(renew, every);
  document.addEventListener("visibilitychange", renew);
})();
