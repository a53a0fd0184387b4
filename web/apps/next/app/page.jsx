"use client";

import { Colorizer } from "edge-colorizer-web";
import { useEffect, useRef } from "react";

export default function Page() {
  const canvas = useRef(null);
  useEffect(() => {
    (async () => {
      const colorizer = await Colorizer.load();
      const { after } = await colorizer.colorize(await (await fetch("cat.jpg")).blob());
      Object.assign(canvas.current, { width: after.width, height: after.height });
      canvas.current.getContext("2d").drawImage(after, 0, 0);
      document.title = "coloured";
    })();
  }, []);
  return <canvas ref={canvas} />;
}
