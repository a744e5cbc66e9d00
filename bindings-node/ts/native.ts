/** @internal The native module; private. */

import native = require('../native/index.js');

/** @internal */
export import CancelHandle = native.CancelHandle;
/** @internal */
export import NativeMaas = native.NativeMaas;
/** @internal */
export import NativeTestbed = native.NativeTestbed;
