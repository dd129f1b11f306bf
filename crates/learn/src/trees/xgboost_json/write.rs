//! From a model to the file.

use std::collections::BTreeMap;

use super::super::forest::TreeModel;
use super::super::objective::Objective;
use super::super::tree::{Branch, Kind, Test, Tree};
use super::{
    Booster, Categories, File, Forest, LearnerPart, ModelParam, NO_PARENT, ObjectivePart, TreePart,
};

pub(super) fn to_file(model: &TreeModel) -> File {
    let count = model.trees.len();
    let outputs = model.objective.outputs();
    let width = model.features.len().to_string();
    let forest = Forest {
        cats: Categories::default(),
        gbtree_model_param: texts(&[
            ("num_parallel_tree", "1".to_owned()),
            ("num_trees", count.to_string()),
        ]),
        iteration_indptr: (0..=count as u32).step_by(outputs).collect(),
        tree_info: (0..count).map(|tree| (tree % outputs) as u32).collect(),
        trees: (0..).zip(&model.trees).map(|(id, tree)| to_part(id, tree, &width)).collect(),
    };
    let kind = |&categorical: &bool| if categorical { "c" } else { "float" }.to_owned();
    let scores: Vec<String> = model.base_scores.iter().map(|score| format!("{score:E}")).collect();
    let classes = match model.objective {
        Objective::Softmax { classes } => classes,
        _ => 0,
    };
    let learner = LearnerPart {
        attributes: BTreeMap::new(),
        feature_names: model.features.clone(),
        feature_types: model.categorical.iter().map(kind).collect(),
        gradient_booster: Booster { model: forest, name: "gbtree".to_owned() },
        learner_model_param: ModelParam {
            base_score: format!("[{}]", scores.join(",")),
            boost_from_average: "1".to_owned(),
            num_class: classes.to_string(),
            num_feature: width,
            num_target: "1".to_owned(),
        },
        objective: objective_part(model),
    };
    File { learner, version: [3, 2, 0] }
}

fn objective_part(model: &TreeModel) -> ObjectivePart {
    let mut part =
        ObjectivePart { name: model.objective.name().to_owned(), ..ObjectivePart::default() };
    match model.objective {
        Objective::Logistic | Objective::SquaredError => {
            part.reg_loss_param =
                texts(&[("scale_pos_weight", model.scale_pos_weight.to_string())]);
        }
        Objective::Quantile { alpha } => {
            part.quantile_loss_param = texts(&[("quantile_alpha", format!("[{alpha:E}]"))]);
        }
        Objective::RankPairwise | Objective::RankNdcg => {
            let on = |name| (name, "1".to_owned());
            part.lambdarank_param = texts(&[
                on("lambdarank_bias_norm"),
                on("lambdarank_normalization"),
                ("lambdarank_num_pair_per_sample", u32::MAX.to_string()),
                ("lambdarank_pair_method", "topk".to_owned()),
                on("lambdarank_score_normalization"),
                ("lambdarank_unbiased", "0".to_owned()),
                on("ndcg_exp_gain"),
            ]);
        }
        Objective::Softmax { classes } => {
            part.softmax_multiclass_param = texts(&[("num_class", classes.to_string())]);
        }
    }
    part
}

fn texts(pairs: &[(&str, String)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn to_part(id: u32, tree: &Tree, width: &str) -> TreePart {
    let count = tree.nodes.len();
    let mut part = TreePart {
        base_weights: Vec::with_capacity(count),
        categories: Vec::new(),
        categories_nodes: Vec::new(),
        categories_segments: Vec::new(),
        categories_sizes: Vec::new(),
        default_left: Vec::with_capacity(count),
        id,
        left_children: Vec::with_capacity(count),
        loss_changes: Vec::with_capacity(count),
        parents: vec![NO_PARENT; count],
        right_children: Vec::with_capacity(count),
        split_conditions: Vec::with_capacity(count),
        split_indices: Vec::with_capacity(count),
        split_type: vec![0; count],
        sum_hessian: tree.nodes.iter().map(|node| node.cover).collect(),
        tree_param: texts(&[
            ("num_deleted", "0".to_owned()),
            ("num_feature", width.to_owned()),
            ("num_nodes", count.to_string()),
            ("size_leaf_vector", "1".to_owned()),
        ]),
    };
    for (index, node) in tree.nodes.iter().enumerate() {
        match node.kind {
            Kind::Leaf { value } => part.push_leaf(value, node.weight),
            Kind::Branch(branch) => part.push_branch(tree, (index, node.weight), &branch),
        }
    }
    part
}

impl TreePart {
    fn push_leaf(&mut self, value: f32, weight: f32) {
        self.base_weights.push(weight);
        self.split_conditions.push(value);
        self.split_indices.push(0);
        self.default_left.push(0);
        self.left_children.push(-1);
        self.right_children.push(-1);
        self.loss_changes.push(0.0);
    }

    fn push_branch(&mut self, tree: &Tree, (index, weight): (usize, f32), branch: &Branch) {
        for child in [branch.left, branch.right] {
            self.parents[child as usize] = index as i64;
        }
        self.base_weights.push(weight);
        self.split_conditions.push(match branch.test {
            Test::Below(cut) => cut,
            // XGBoost keeps the bits of a number of words here, and does not read it.
            Test::NotIn(_) => f32::from_bits(1),
        });
        if let Test::NotIn(set) = branch.test {
            let set = &tree.sets[set as usize];
            self.split_type[index] = 1;
            self.categories_nodes.push(index);
            self.categories_segments.push(self.categories.len());
            self.categories_sizes.push(set.len());
            self.categories.extend(set);
        }
        self.split_indices.push(branch.column);
        self.default_left.push(u8::from(branch.missing_left));
        self.left_children.push(i64::from(branch.left));
        self.right_children.push(i64::from(branch.right));
        self.loss_changes.push(branch.gain);
    }
}
