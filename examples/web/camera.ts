/** A photo from the camera: live on the page where the browser allows it, otherwise by the system's own camera. */

import { button, element } from "./dom";

const dialog = element<HTMLDialogElement>("camera");
const viewfinder = element<HTMLVideoElement>("viewfinder");

export function prepareCamera(onPhoto: (photo: File) => void): { open: () => void } {
  button("close-camera").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", release);
  button("shutter").addEventListener("click", async () => {
    onPhoto(await shoot());
    dialog.close();
  });
  return { open: () => void open() };
}

async function open(): Promise<void> {
  if (!navigator.mediaDevices) {
    // Over plain http browsers give pages no live camera; phones then open their own.
    element<HTMLInputElement>("capture").click();
    return;
  }
  const text = element("camera-text");
  text.textContent = "Waiting for the camera";
  button("shutter").disabled = true;
  dialog.showModal();
  try {
    const video = { facingMode: "environment", width: { ideal: 4096 }, height: { ideal: 4096 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video });
    if (!dialog.open) return stop(stream); // closed while the browser was asking
    viewfinder.srcObject = stream;
    await viewfinder.play();
    text.textContent = "";
    button("shutter").disabled = false;
  } catch {
    text.textContent = "There is no camera this page may use. Allow it in the browser's settings, or choose a photo.";
  }
}

async function shoot(): Promise<File> {
  const canvas = new OffscreenCanvas(viewfinder.videoWidth, viewfinder.videoHeight);
  canvas.getContext("2d")?.drawImage(viewfinder, 0, 0);
  const type = "image/jpeg";
  return new File([await canvas.convertToBlob({ type, quality: 0.95 })], "camera.jpg", { type });
}

function release(): void {
  stop(viewfinder.srcObject as MediaStream | null);
  viewfinder.srcObject = null;
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
