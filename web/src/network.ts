/** The network, on LiteRT's WebAssembly build. */

import { type Contract, type TensorSpec, type Tensors, shape } from "./contract.js";
import { BackendUnavailable, ModelIntegrityError } from "./errors.js";
import type { Accelerator, Memory, TensorBuffer, TensorType } from "./memory.js";
import type { Bindings } from "./runtime.js";

type Model = ReturnType<Bindings["loadModel"]>;
type Program = Awaited<ReturnType<Bindings["compileModel"]>>;

/** A program's only signature. */
const SIGNATURE = 0;

/** Holds one program and the memory of its inputs. */
export class Network {
  private constructor(
    private readonly memory: Memory,
    private readonly program: Program,
    private readonly contract: Contract,
    /** In the contract's order. */
    private readonly inputs: TensorBuffer[],
  ) {}

  /**
   * @param model verified bytes of a LiteRT program.
   * @param memory where its tensors are to lie, and so what runs it.
   * @throws ModelIntegrityError where LiteRT refuses it, or its tensors are others.
   * @throws BackendUnavailable where a GPU cannot run all of it.
   */
  static async open(model: Uint8Array, contract: Contract, litert: Bindings, memory: Memory): Promise<Network> {
    const { accelerator, device } = memory;
    const environment = litert.LiteRtEnvironment.create(device);
    const address = litert._malloc(model.length); // kept: the program reads its weights from there
    litert.HEAPU8.set(model, address);
    try {
      const loaded = litert.loadModel(environment, address, model.length);
      check(loaded, contract);
      // On a GPU an int8 network is computed with floats; half ones were not tried on any.
      const options = { accelerator, gpuOptions: { precision: "fp32" as const }, webNNOptions: {} };
      const program = await litert.compileModel(environment, loaded, options);
      if (device && !program.isFullyAccelerated()) throw new Error("a part of it has no kernel");
      const inputs = contract.inputs.map((_, index) => memory.allocate(environment, loaded.getInputTensorType(SIGNATURE, index)));
      return new Network(memory, program, contract, inputs);
    } catch (error) {
      if (error instanceof ModelIntegrityError) throw error;
      if (device) throw new BackendUnavailable(`WebGPU cannot run the network (${String(error)}); load it with the accelerator "wasm".`);
      throw new ModelIntegrityError(`LiteRT cannot open the model (${String(error)}); load another.`);
    }
  }

  get accelerator(): Accelerator {
    return this.memory.accelerator;
  }

  /** The network's answers, by name. */
  async run(inputs: Tensors): Promise<Tensors> {
    this.contract.inputs.forEach(({ name }, index) => this.memory.write(this.inputs[index], inputs[name]));
    const answers = await this.program.run(SIGNATURE, this.inputs);
    const named = this.contract.outputs.map(async ({ name }, index): Promise<[string, Float32Array]> => {
      const values = await this.memory.read(answers[index]);
      answers[index].delete();
      return [name, values];
    });
    return Object.fromEntries(await Promise.all(named));
  }

  /** Gives a GPU back. */
  close(): void {
    this.memory.device?.destroy();
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

/** Each tensor's name and shape. */
function list(names: Names, typeOf: (index: number) => TensorType): string[] {
  return Array.from({ length: names.size() }, (_, index) => {
    const sides = typeOf(index).layout().dimensions();
    return `${names.get(index)} ${Array.from({ length: sides.size() }, (_, axis) => sides.get(axis)).join("×")}`;
  });
}
