import { DeploymentWorkload } from "../../src/workload/deployment/deployment.ts";
import { workloadContract } from "./workload.contract.ts";

workloadContract("Deployment", ({ client, caches }) => new DeploymentWorkload({ client, ...caches }));
