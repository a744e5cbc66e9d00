/** @internal The native module; private. Its classes are documented in `src/`. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** @internal */
export interface CallHandle {
  cancel(): void;
  takeTold(): string[];
}

/** @internal */
export interface NativeMaas {
  open(options: string, testbed?: NativeTestbed): string;
  close(): void;
  call(operation: string, arguments_: string, settings: string, handle: CallHandle, listener: () => void): Promise<string>;
}

/** @internal */
export interface NativeTestbed {
  call(operation: string, arguments_: string, settings: string, handle: CallHandle, listener: () => void): Promise<string>;
  now(): number;
  pause(): void;
  resume(): void;
}

interface Native {
  CallHandle: new () => CallHandle;
  NativeMaas: new () => NativeMaas;
  NativeTestbed: new () => NativeTestbed;
  lifecycle(name: string, arguments_: string[]): string;
}

function load(): Native {
  const file = join(__dirname, '..', 'native', `palette-maas.${process.platform}-${process.arch}.node`);
  if (!existsSync(file)) {
    throw new Error(`palette-maas has no native module for ${process.platform}-${process.arch}: ${file} is missing`);
  }
  return require(file) as Native;
}

/** @internal */
export const { CallHandle, NativeMaas, NativeTestbed, lifecycle } = load();
