import { loadTester } from "./load-tester-schema.ts";
import { annotate, apply, deleteObject, deletePod, patch, scale, setImage } from "./object-actions.ts";
import { webhook } from "./webhook-schema.ts";
import { apiServer, controller, images, meshDelay, prometheus, traffic } from "./world-actions.ts";

/** The keys that an entry of the timeline may have beside `at`. */
export const ACTIONS = {
  setImage,
  annotate,
  patch,
  delete: deleteObject,
  deletePod,
  scale,
  apply,
  traffic,
  images,
  prometheus,
  meshDelay,
  controller,
  apiServer,
  webhook,
  loadTester,
} as const;
