"""One process of a DistributedDataParallel training that records which rows it trains on.

    python ddp_training.py FOLDER RANK WORLD_SIZE

FOLDER/case.json says what to do and FOLDER/plan.parquet what to draw; `test_torch_sampler.py`
writes them, starts the processes, waits for what they announce and kills them.
"""

import json
import os
import sys
import time
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset

from steelyard.records import Plan
from steelyard.resampling.torch_sampler import PlanSampler

BATCH = 4
SAVE_EVERY = 3


def main(folder: Path, rank: int, world_size: int) -> None:
    case = json.loads((folder / "case.json").read_text())
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=world_size
    )
    plan = Plan.load(folder / "plan.parquet")
    network = DistributedDataParallel(torch.nn.Linear(1, 1))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    sampler = PlanSampler(plan, seed=case["seed"])
    if case["state"] is not None:
        sampler.load_state_dict(case["state"])
    rows = torch.arange(len(plan.ids))
    loader = DataLoader(
        TensorDataset(rows, rows.float()[:, None] / len(rows)), batch_size=BATCH, sampler=sampler
    )
    record = (folder / f"rank{rank}.jsonl").open("a")
    for epoch in range(sampler.epoch, case["epochs"]):
        sampler.set_epoch(epoch)
        for step, (batch, x) in enumerate(loader, start=1):
            optimiser.zero_grad()
            network(x).square().mean().backward()  # meets the other processes
            optimiser.step()
            record.write(json.dumps([epoch, step, batch.tolist()]) + "\n")
            record.flush()
            if step % SAVE_EVERY == 0 and rank == 0:
                state = sampler.state_dict(drawn=step * BATCH)
                (folder / "state.json.new").write_text(json.dumps([epoch, step, state]))
                (folder / "state.json.new").replace(folder / "state.json")
            if [epoch, step] == case["stop_after"]:
                torch.distributed.barrier()  # all have recorded this step
                (folder / f"stopped{rank}").touch()
                time.sleep(600)  # to be killed
    record.close()
    torch.distributed.barrier()  # nobody leaves while another still asks
    # gloo's threads may outlive the group and abort the interpreter as it ends: not our matter here
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
