package cluster

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gwsync/gwsync/conformance/backend"
)

// node runs the pods of Deployments.
type node struct {
	store  *store
	subnet *Subnet

	mu   sync.Mutex
	pods map[types.NamespacedName]*runningPod
}

// runningPod is a pod and the server that it is.
type runningPod struct {
	deployment types.NamespacedName
	object     *corev1.Pod
	*backend.Backend
}

// log returns what a pod has printed.
func (n *node) log(pod types.NamespacedName) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p, ok := n.pods[pod]; ok {
		return p.Log()
	}
	return nil
}

// sync starts the pods of Deployments that are new, and ends those of Deployments that are gone. One whose certificates are not there
// yet waits for them.
func (n *node) sync() error {
	deployments := map[types.NamespacedName]*appsv1.Deployment{}
	r, _ := find("apps", "v1", "deployments")
	for _, o := range n.store.list(r, "", labels.Everything()) {
		d := &appsv1.Deployment{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, d); err != nil {
			return err
		}
		deployments[types.NamespacedName{Namespace: d.Namespace, Name: d.Name}] = d
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	has := map[types.NamespacedName]bool{}
	for name, p := range n.pods {
		if has[p.deployment] = true; deployments[p.deployment] == nil {
			n.end(name, p)
		}
	}
	var errs []error
	for name, d := range deployments {
		if !has[name] {
			errs = append(errs, n.start(name, d))
		}
	}
	return errors.Join(errs...)
}

// end ends a pod.
func (n *node) end(name types.NamespacedName, p *runningPod) {
	p.Close()
	delete(n.pods, name)
	r, _ := find("", "v1", "pods")
	_ = n.store.remove(r, name.Namespace, name.Name) // it may be gone already
}

// start runs the pods of a Deployment.
func (n *node) start(name types.NamespacedName, d *appsv1.Deployment) error {
	c := container{node: n, namespace: name.Namespace, spec: d.Spec.Template.Spec}
	identity, ready, err := c.certificates()
	if err != nil || !ready {
		return err
	}
	replicas := 1
	if d.Spec.Replicas != nil {
		replicas = int(*d.Spec.Replicas)
	}
	for i := range replicas {
		p := identity
		// As in a cluster, a pod's name is the Deployment's with the hash of its template and a word of its own.
		p.Namespace, p.Name, p.IP = name.Namespace, fmt.Sprintf("%s-5d8f9c7b6-%d", name.Name, i), n.subnet.Next()
		p.Service = cmp.Or(c.env("SERVICE_NAME"), name.Name)
		running, err := backend.Start(c.kind(), p)
		if err != nil {
			return err
		}
		object := podObject(p, d)
		n.pods[types.NamespacedName{Namespace: p.Namespace, Name: p.Name}] = &runningPod{name, object, running}
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return err
		}
		r, _ := find("", "v1", "pods")
		if _, err := n.store.create(r, &unstructured.Unstructured{Object: fields}); err != nil {
			return err
		}
	}
	return nil
}

func podObject(p backend.Pod, d *appsv1.Deployment) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name, Labels: d.Spec.Template.Labels},
		Spec:       corev1.PodSpec{NodeName: "node", Containers: d.Spec.Template.Spec.Containers},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			PodIP:      outside(p.IP).String(),
			PodIPs:     []corev1.PodIP{{IP: outside(p.IP).String()}},
		},
	}
}

// container is the one container of a pod.
type container struct {
	*node
	namespace string
	spec      corev1.PodSpec
}

func (c container) env(name string) string {
	for _, e := range c.spec.Containers[0].Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// kind returns what the container's image and environment make of it.
func (c container) kind() backend.Kind {
	switch {
	case strings.Contains(c.spec.Containers[0].Image, "coredns"):
		return backend.DNS
	case c.env("GRPC_ECHO_SERVER") != "":
		return backend.GRPC
	case c.env("TCP_ECHO_SERVER") != "":
		return backend.TCP
	case c.env("UDP_ECHO_SERVER") != "":
		return backend.UDP
	}
	return backend.HTTP
}

// certificates returns the identity that the environment asks for, and whether the Secrets and ConfigMaps of that are there.
func (c container) certificates() (p backend.Pod, ready bool, err error) {
	crt := c.env("TLS_SERVER_CERT")
	if crt == "" {
		return p, true, nil
	}
	cert, ok := c.file(crt)
	key, ok2 := c.file(cmp.Or(c.env("TLS_SERVER_PRIVKEY"), c.env("TLS_SERVER_PRIV_KEY")))
	if !ok || !ok2 {
		return p, false, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return p, false, err
	}
	p.Certificate = &pair
	if path := c.env("TLS_CLIENT_CACERTS"); path != "" {
		ca, ok := c.file(path)
		if !ok {
			return p, false, nil
		}
		p.ClientCAs = x509.NewCertPool()
		p.ClientCAs.AppendCertsFromPEM(ca)
	}
	return p, true, nil
}

// file returns a file that a volume mounts.
func (c container) file(path string) ([]byte, bool) {
	for _, m := range c.spec.Containers[0].VolumeMounts {
		name, ok := strings.CutPrefix(path, strings.TrimSuffix(m.MountPath, "/")+"/")
		for _, v := range c.spec.Volumes {
			if !ok || v.Name != m.Name {
				continue
			}
			switch {
			case v.Secret != nil:
				return c.data("secrets", v.Secret.SecretName, name, v.Secret.Items)
			case v.ConfigMap != nil:
				return c.data("configmaps", v.ConfigMap.Name, name, v.ConfigMap.Items)
			}
		}
	}
	return nil, false
}

// data returns the value of a Secret or ConfigMap that is mounted as a file.
func (c container) data(plural, object, file string, items []corev1.KeyToPath) ([]byte, bool) {
	r, _ := find("", "v1", plural)
	o, err := c.store.get(r, c.namespace, object)
	if err != nil {
		return nil, false
	}
	key := file
	for _, i := range items {
		if i.Path == file {
			key = i.Key
		}
	}
	text, ok, _ := unstructured.NestedString(o.Object, "data", key)
	if plural == "configmaps" || !ok {
		return []byte(text), ok
	}
	out, err := base64.StdEncoding.DecodeString(text)
	return out, err == nil
}
