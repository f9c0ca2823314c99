import type { Consumer } from "./consumer.js"
import { esbuild } from "./tools/esbuild.js"
import { jest } from "./tools/jest.js"
import { metro } from "./tools/metro.js"
import { next } from "./tools/next.js"
import { typescript } from "./tools/typescript.js"
import { vite } from "./tools/vite.js"
import { webpack } from "./tools/webpack.js"

/** All tools with which the packed package is tried. */
export const CONSUMERS: readonly Consumer[] = [
  typescript("7.0.2", true),
  typescript("6.0.3", false),
  typescript("5.2.2", false),
  esbuild,
  vite,
  jest,
  webpack,
  metro,
  next,
]
