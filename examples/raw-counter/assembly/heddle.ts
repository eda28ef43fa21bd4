// What the host offers a raw actor; the file's name is the module these are imported from.

/** Copies what fits of a field's UTF-8 to `at` and gives its whole length; -1: there is none. */
export declare function field(nameAt: usize, nameLength: i32, at: usize, room: i32): i32
/** Writes UTF-8 to the node's log. */
export declare function print(at: usize, length: i32): void
/**
 * Puts a request (JSON: `prompt`, `tokens`…) to a model that the process names with a tag `Calls-Model`, and gives the
 * length of the answer.
 */
export declare function complete(at: usize, length: i32): i32
/** Copies what fits of the last answer's JSON to `at` and gives its whole length. */
export declare function completion(at: usize, room: i32): i32
