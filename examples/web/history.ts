/** A value with its past and its future, for undo and redo. */
export class History<Value> {
  private readonly past: Value[] = [];
  private readonly future: Value[] = [];
  private step?: string;

  constructor(private value: Value) {}

  get now(): Value {
    return this.value;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** @param step changes in a row with the same name, such as the moves of one drag, are undone as one. */
  change(value: Value, step?: string): void {
    if (!step || step !== this.step) this.past.push(this.value);
    this.future.length = 0;
    this.value = value;
    this.step = step;
  }

  /** What is next changed with the same name is a step of its own. */
  endStep(): void {
    this.step = undefined;
  }

  undo(): void {
    this.go(this.past, this.future);
  }

  redo(): void {
    this.go(this.future, this.past);
  }

  private go(from: Value[], to: Value[]): void {
    if (from.length === 0) return;
    to.push(this.value);
    this.value = from.pop() as Value;
    this.step = undefined;
  }
}
