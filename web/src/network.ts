/** The network, on LiteRT's WebAssembly build. */

import { type Contract, type TensorSpec, type Tensors, shape } from "./contract.js";
import { ModelIntegrityError } from "./errors.js";
import type { Bindings } from "./runtime.js";

type Model = ReturnType<Bindings["loadModel"]>;
type Program = Awaited<ReturnType<Bindings["compileModel"]>>;
type TensorBuffer = InstanceType<Bindings["LiteRtTensorBuffer"]>;

/** A program's only signature. */
const SIGNATURE = 0;

/** Holds one program and the memory of its inputs. */
export class Network {
  private constructor(
    private readonly litert: Bindings,
    private readonly program: Program,
    private readonly contract: Contract,
    /** In the contract's order. */
    private readonly inputs: TensorBuffer[],
  ) {}

  /**
   * @param model verified bytes of a LiteRT program.
   * @throws ModelIntegrityError where LiteRT refuses it, or its tensors are others.
   */
  static async open(model: Uint8Array, contract: Contract, litert: Bindings): Promise<Network> {
    const environment = litert.LiteRtEnvironment.create(null);
    const address = litert._malloc(model.length); // kept: the program reads its weights from there
    litert.HEAPU8.set(model, address);
    try {
      const loaded = litert.loadModel(environment, address, model.length);
      check(loaded, contract);
      const program = await litert.compileModel(environment, loaded, { accelerator: "wasm", gpuOptions: {}, webNNOptions: {} });
      const inputs = contract.inputs.map((_, index) => {
        const type = loaded.getInputTensorType(SIGNATURE, index);
        return litert.LiteRtTensorBuffer.createManaged(environment, litert.LiteRtTensorBufferType.HOST_MEMORY, type, type.bytes());
      });
      return new Network(litert, program, contract, inputs);
    } catch (error) {
      if (error instanceof ModelIntegrityError) throw error;
      throw new ModelIntegrityError(`LiteRT cannot open the model (${String(error)}); load another.`);
    }
  }

  /** The network's answers, by name. */
  async run(inputs: Tensors): Promise<Tensors> {
    const { READ, WRITE } = this.litert.LiteRtTensorBufferLockMode;
    this.contract.inputs.forEach(({ name }, index) => {
      this.values(this.inputs[index], WRITE).set(inputs[name]);
      this.inputs[index].unlock();
    });
    const answers = await this.program.run(SIGNATURE, this.inputs);
    const named = this.contract.outputs.map(({ name }, index): [string, Float32Array] => {
      const values = this.values(answers[index], READ).slice();
      answers[index].delete();
      return [name, values];
    });
    return Object.fromEntries(named);
  }

  /** A buffer's floats where they lie; WebAssembly's memory moves when it grows, so they are not kept. */
  private values(buffer: TensorBuffer, mode: Parameters<TensorBuffer["lock"]>[0]): Float32Array {
    const address = buffer.lock(mode);
    return new Float32Array(this.litert.HEAPU8.buffer as ArrayBuffer, address, buffer.packedSize() / Float32Array.BYTES_PER_ELEMENT);
  }
}

/** @throws ModelIntegrityError where a program's tensors are not the contract's, in its order. */
function check(model: Model, contract: Contract): void {
  const signature = model.getSignature(SIGNATURE);
  const found = [
    ...list(signature.inputNames(), (index) => model.getInputTensorType(SIGNATURE, index)),
    "to",
    ...list(signature.outputNames(), (index) => model.getOutputTensorType(SIGNATURE, index)),
  ].join(" ");
  const expect = (specs: readonly TensorSpec[]) => specs.map((spec) => `${spec.name} ${shape(contract, spec).join("×")}`);
  const expected = [...expect(contract.inputs), "to", ...expect(contract.outputs)].join(" ");
  if (found !== expected) throw new ModelIntegrityError(`The model goes from ${found} where the contract says ${expected}; load another.`);
}

type Names = ReturnType<ReturnType<Model["getSignature"]>["inputNames"]>;
type Type = ReturnType<Model["getInputTensorType"]>;

/** Each tensor's name and shape. */
function list(names: Names, typeOf: (index: number) => Type): string[] {
  return Array.from({ length: names.size() }, (_, index) => {
    const sides = typeOf(index).layout().dimensions();
    return `${names.get(index)} ${Array.from({ length: sides.size() }, (_, axis) => sides.get(axis)).join("×")}`;
  });
}
