"""PPO, A2C and DQN of Stable-Baselines3 on windows of 30 x 8.

Arguments: a folder with features.f32 (copies x 5000 x 8) and returns.f32 (copies x 5000), and the
number of torch threads. Rounds:

    rate ppo|a2c|dqn STEPS   -> steps a second in training, after a first stretch
    reward SEED STEPS        -> mean reward of a step over the last quarter of a PPO training
    environment STEPS        -> steps a second of the environment alone
"""

import sys
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import stable_baselines3
import torch
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

from rounds import serve

FOLDER = Path(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
BARS, WIDTH, LENGTH, COPIES = 30, 8, 5000, 8
FEATURES = np.fromfile(FOLDER / "features.f32", np.float32).reshape(COPIES, LENGTH, WIDTH)
RETURNS = np.fromfile(FOLDER / "returns.f32", np.float32).reshape(COPIES, LENGTH)


class Windows(gym.Env):
    def __init__(self, copy):
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (BARS * WIDTH,), np.float32)
        self.action_space = gym.spaces.Discrete(3)
        self.features, self.returns = FEATURES[copy], RETURNS[copy]

    def reset(self, seed=None, options=None):
        self.at, self.held = BARS, 0
        return self.features[:BARS].ravel(), {}

    def step(self, action):
        held = int(action) - 1
        reward = held * self.returns[self.at] - 0.0001 * abs(held - self.held)
        self.held = held
        self.at += 1
        window = self.features[self.at - BARS : self.at].ravel()
        return window, float(reward), self.at >= LENGTH - 1, False, {}


class Rewards(BaseCallback):
    def __init__(self, since):
        super().__init__()
        self.since, self.total, self.count = since, 0.0, 0

    def _on_step(self):
        if self.num_timesteps > self.since:
            self.total += float(self.locals["rewards"].sum())
            self.count += len(self.locals["rewards"])
        return True


def agent(name, seed):
    made = {
        "ppo": (PPO, {"n_steps": 256, "batch_size": 64, "n_epochs": 10}, COPIES),
        "a2c": (A2C, {}, COPIES),
        "dqn": (DQN, {"batch_size": 64, "learning_starts": 500, "buffer_size": 20000}, 1),
    }
    kind, settings, copies = made[name]
    worlds = DummyVecEnv([lambda copy=copy: Windows(copy) for copy in range(copies)])
    nets = {"net_arch": [64, 64]}
    return kind("MlpPolicy", worlds, policy_kwargs=nets, device="cpu", seed=seed, **settings)


AGENTS = {}


def rate(name, steps):
    if name not in AGENTS:
        AGENTS[name] = agent(name, 1)
        AGENTS[name].learn(2048 if name == "ppo" else 1000)
    model = AGENTS[name]
    before, begun = model.num_timesteps, time.perf_counter()
    model.learn(steps, reset_num_timesteps=False)
    return (model.num_timesteps - before) / (time.perf_counter() - begun)


def reward(seed, steps):
    watch = Rewards(steps * 3 // 4)
    agent("ppo", seed).learn(steps, callback=watch)
    return watch.total / watch.count


def environment(steps):
    world = Windows(0)
    world.reset()
    begun = time.perf_counter()
    for at in range(steps):
        if world.step(at % 3)[2]:
            world.reset()
    return steps / (time.perf_counter() - begun)


def one_round(words):
    if words[0] == "rate":
        return rate(words[1], int(words[2]))
    if words[0] == "reward":
        return reward(int(words[1]), int(words[2]))
    return environment(int(words[1]))


if __name__ == "__main__":
    serve(f"Stable-Baselines3 {stable_baselines3.__version__}", one_round)
