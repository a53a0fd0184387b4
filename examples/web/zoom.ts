/** The photo from nearer, and on the whole screen. */

import { button, element } from "./dom";

const NEARER = 1.5;
const NEAREST = 8;

export function prepareZoom(): void {
  const frame = element("frame");
  const stage = element("stage");
  let zoom = 1;
  const set = (wanted: number) => {
    zoom = Math.min(NEAREST, Math.max(1, wanted));
    const { scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight } = viewport;
    const across = (scrollLeft + clientWidth / 2) / scrollWidth;
    const down = (scrollTop + clientHeight / 2) / scrollHeight;
    frame.style.setProperty("--zoom", String(zoom));
    viewport.toggleAttribute("data-near", zoom > 1);
    viewport.scrollTo(across * viewport.scrollWidth - clientWidth / 2, down * viewport.scrollHeight - clientHeight / 2);
    button("nearer").disabled = zoom === NEAREST;
    button("farther").disabled = zoom === 1;
    element("zoom-value").textContent = `${Math.round(zoom * 100)} %`;
  };
  const viewport = element("viewport");
  button("nearer").addEventListener("click", () => set(zoom * NEARER));
  button("farther").addEventListener("click", () => set(zoom / NEARER));
  viewport.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return; // which is also what two fingers on a trackpad send
      event.preventDefault();
      set(zoom * Math.exp(-event.deltaY / 200));
    },
    { passive: false },
  );
  const full = button("full-screen");
  full.hidden = !document.fullscreenEnabled;
  full.addEventListener("click", () => void (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen()));
  document.addEventListener("fullscreenchange", () => {
    full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
  });
  set(1);
}
