// Keeps <div id="ID" data-live="URL" data-live-seconds="15"> fresh without a page load: fetches the
// fragment and puts it into the element. Rests while the page is hidden. What is wrong, if something
// is, stands in the element with data-live-state="ID"; when it was refreshed, with data-live-at="ID".
"use strict";
{
  const say = (element, text, link) => {
    const state = document.querySelector(`[data-live-state="${element.id}"]`);
    if (!state || state.textContent === text + (link ? " Sign in" : "")) return;
    state.replaceChildren(text);
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = "Sign in";
      state.append(" ", anchor);
    }
  };

  const show = (element, html) => {
    if (element.dataset.liveShown === html) return;
    element.dataset.liveShown = html;
    const focused = element.contains(document.activeElement) && document.activeElement.href;
    element.innerHTML = html;
    if (focused) {
      const same = [...element.querySelectorAll("a")].find((anchor) => anchor.href === focused);
      if (same) same.focus();
    }
    element.dispatchEvent(new Event("live:shown", { bubbles: true }));
  };

  const tellWhen = (element) => {
    const when = document.querySelector(`[data-live-at="${element.id}"]`);
    if (when) when.textContent = `Refreshed at ${new Date().toLocaleTimeString("sv-SE")}`;
  };

  // True where asking again makes sense.
  const refresh = async (element) => {
    let answer;
    try {
      answer = await fetch(element.dataset.live, { redirect: "manual" });
    } catch {
      say(element, "The node does not answer; what you see may be old. Trying again.");
      return true;
    }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      say(element, "Your session has ended; what you see is old.", window.location.href);
      return false;
    }
    if (!answer.ok) {
      say(element, `The node answered ${answer.status}; what you see may be old. Trying again.`);
      return true;
    }
    show(element, await answer.text());
    say(element, "");
    tellWhen(element);
    return true;
  };

  const keepFresh = (element) => {
    const every = Number(element.dataset.liveSeconds || 15) * 1000;
    let timer = null;
    let isBusy = false;
    const tick = async () => {
      timer = null;
      if (document.hidden || isBusy) return;
      isBusy = true;
      const goesOn = await refresh(element);
      isBusy = false;
      if (goesOn && !document.hidden) timer = window.setTimeout(tick, every);
    };
    document.addEventListener("visibilitychange", () => {
      window.clearTimeout(timer);
      if (!document.hidden) tick();
    });
    timer = window.setTimeout(tick, every);
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const element of document.querySelectorAll("[data-live]")) keepFresh(element);
  });
}
