import { Colorizer } from "edge-colorizer-web";

const colorizer = await Colorizer.load();
const { after } = await colorizer.colorize(await (await fetch("cat.jpg")).blob());
const canvas = document.querySelector("canvas");
Object.assign(canvas, { width: after.width, height: after.height });
canvas.getContext("2d").drawImage(after, 0, 0);
document.title = "coloured";
