/** Where a program's tensors lie: in WebAssembly's memory, or in a GPU's. */

import { BackendUnavailable } from "./errors.js";
import type { Bindings } from "./runtime.js";

// TypeScript's own types lack these two globals.
declare const GPUBufferUsage: Record<"STORAGE" | "COPY_DST" | "MAP_READ", number>;
declare const GPUMapMode: Record<"READ", number>;

export type Accelerator = "wasm" | "webgpu";

export type Environment = ReturnType<Bindings["LiteRtEnvironment"]["create"]>;
export type TensorBuffer = InstanceType<Bindings["LiteRtTensorBuffer"]>;
export type TensorType = ReturnType<TensorBuffer["tensorType"]>;

export interface Memory {
  readonly accelerator: Accelerator;
  readonly device: GPUDevice | null;
  /** A buffer that `write` fills. */
  allocate(environment: Environment, type: TensorType): TensorBuffer;
  write(buffer: TensorBuffer, values: Float32Array): void;
  /** A copy. */
  read(buffer: TensorBuffer): Promise<Float32Array>;
}

export class HostMemory implements Memory {
  readonly accelerator = "wasm";
  readonly device = null;

  constructor(private readonly litert: Bindings) {}

  allocate(environment: Environment, type: TensorType): TensorBuffer {
    const { LiteRtTensorBuffer, LiteRtTensorBufferType } = this.litert;
    return LiteRtTensorBuffer.createManaged(environment, LiteRtTensorBufferType.HOST_MEMORY, type, type.bytes());
  }

  write(buffer: TensorBuffer, values: Float32Array): void {
    this.values(buffer, this.litert.LiteRtTensorBufferLockMode.WRITE).set(values);
    buffer.unlock();
  }

  async read(buffer: TensorBuffer): Promise<Float32Array> {
    const values = this.values(buffer, this.litert.LiteRtTensorBufferLockMode.READ).slice();
    buffer.unlock();
    return values;
  }

  /** A buffer's floats where they lie; WebAssembly's memory moves when it grows, so they are not kept. */
  private values(buffer: TensorBuffer, mode: Parameters<TensorBuffer["lock"]>[0]): Float32Array {
    const address = buffer.lock(mode);
    return new Float32Array(this.litert.HEAPU8.buffer as ArrayBuffer, address, buffer.packedSize() / Float32Array.BYTES_PER_ELEMENT);
  }
}

export class GpuMemory implements Memory {
  readonly accelerator = "webgpu";

  private constructor(
    private readonly litert: Bindings,
    readonly device: GPUDevice,
  ) {}

  /** @throws BackendUnavailable where the browser has no GPU for us. */
  static async open(litert: Bindings): Promise<GpuMemory> {
    try {
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
      if (!adapter) throw new Error("no adapter");
      return new GpuMemory(litert, await adapter.requestDevice());
    } catch (error) {
      throw new BackendUnavailable(`This browser has no WebGPU for the network (${String(error)}); load it with the accelerator "wasm".`);
    }
  }

  allocate(environment: Environment, type: TensorType): TensorBuffer {
    const { LiteRtTensorBuffer, LiteRtTensorBufferType, WebGPU } = this.litert;
    const size = type.bytes();
    const buffer = this.device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
    return LiteRtTensorBuffer.createFromWebGpuBuffer(
      environment,
      type,
      LiteRtTensorBufferType.WEB_GPU_BUFFER_PACKED,
      WebGPU.importJsBuffer(buffer),
      size,
    );
  }

  write(buffer: TensorBuffer, values: Float32Array): void {
    this.device.queue.writeBuffer(this.buffer(buffer), 0, values as Float32Array<ArrayBuffer>);
  }

  async read(buffer: TensorBuffer): Promise<Float32Array> {
    const size = buffer.packedSize();
    const copy = this.device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    const commands = this.device.createCommandEncoder();
    commands.copyBufferToBuffer(this.buffer(buffer), buffer.offset(), copy, 0, size);
    this.device.queue.submit([commands.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(copy.getMappedRange().slice(0));
    copy.destroy();
    return values;
  }

  private buffer(buffer: TensorBuffer): GPUBuffer {
    return this.litert.WebGPU.getJsObject(buffer.getWebGpuBuffer());
  }
}
