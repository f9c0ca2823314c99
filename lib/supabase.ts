export { renewAccessToken } from "./lifecycle/access-token.js"
export { supabase, type UserBroadcast } from "./serializer/supabase.js"
export type { Codec, Frame, IncomingFrame, Serializer } from "./serializer/serializer.js"
