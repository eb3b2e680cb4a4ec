export * from "../../clients/js/index.js";
