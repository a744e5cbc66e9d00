/** The pure lifecycle engine. */

export {};
