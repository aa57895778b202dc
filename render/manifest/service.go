package manifest

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// completeService fills in what the API server does (SetDefaults_Service in k8s.io/kubernetes/pkg/apis/core/v1): what arrives at a
// port goes to the same port of the pods, and policies are the most open ones, unless said otherwise. Services that have their ports in
// common are given the same target ports.
func completeService(s *corev1.Service) {
	spec := &s.Spec
	for i := range spec.Ports {
		if p := &spec.Ports[i]; p.TargetPort == intstr.FromInt32(0) || p.TargetPort == intstr.FromString("") {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
	switch {
	case spec.SessionAffinity == corev1.ServiceAffinityNone:
		spec.SessionAffinityConfig = nil
	case spec.SessionAffinityConfig == nil || spec.SessionAffinityConfig.ClientIP == nil ||
		spec.SessionAffinityConfig.ClientIP.TimeoutSeconds == nil:
		seconds := corev1.DefaultClientIPServiceAffinitySeconds
		spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}}
	}
	if spec.ExternalTrafficPolicy == "" && isExternal(s) {
		spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
	}
	if spec.InternalTrafficPolicy == nil && spec.Type != corev1.ServiceTypeExternalName {
		cluster := corev1.ServiceInternalTrafficPolicyCluster
		spec.InternalTrafficPolicy = &cluster
	}
	if spec.AllocateLoadBalancerNodePorts == nil && spec.Type == corev1.ServiceTypeLoadBalancer {
		yes := true
		spec.AllocateLoadBalancerNodePorts = &yes
	}
	if spec.ClusterIP != "" && len(spec.ClusterIPs) == 0 {
		spec.ClusterIPs = []string{spec.ClusterIP}
	}
}

// serviceRules are the rules of a Service (ValidateService in k8s.io/kubernetes/pkg/apis/core/validation). What only the cluster
// knows is not checked: which addresses and node ports it has to give.
func serviceRules(s *corev1.Service, r report) {
	if len(s.Spec.Ports) == 0 && s.Spec.ClusterIP != corev1.ClusterIPNone && s.Spec.Type != corev1.ServiceTypeExternalName {
		r(CodeMissingField, "spec.ports", "ports is required", "only an ExternalName or a headless Service (clusterIP: None) has none")
	}
	switch s.Spec.Type {
	case corev1.ServiceTypeExternalName:
		externalNameRules(s, r)
	case corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort:
		if s.Spec.ClusterIP == corev1.ClusterIPNone {
			r.invalid("spec.clusterIP", fmt.Sprintf("must not be None for the type %s", s.Spec.Type))
		}
	}
	servicePortRules(s, r)
	if s.Spec.Type != corev1.ServiceTypeExternalName {
		clusterIPRules(s, r)
	}
	for i, ip := range s.Spec.ExternalIPs {
		addressRule(ip, fmt.Sprintf("spec.externalIPs[%d]", i), r)
	}
	loadBalancerRules(s, r)
	trafficRules(s, r)
}

// externalNameRules says what an alias for a DNS name has and has not.
func externalNameRules(s *corev1.Service, r report) {
	if name := strings.TrimSuffix(s.Spec.ExternalName, "."); name == "" {
		r(CodeMissingField, "spec.externalName", "externalName is required for the type ExternalName", "")
	} else if len(validation.IsDNS1123Subdomain(name)) > 0 {
		r.invalid("spec.externalName", "must be a DNS name in lower case for the type ExternalName, not "+quote(name))
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"clusterIP", s.Spec.ClusterIP != ""},
		{"clusterIPs", len(s.Spec.ClusterIPs) > 0 && s.Spec.ClusterIP == ""},
		{"ipFamilies", len(s.Spec.IPFamilies) > 0},
		{"ipFamilyPolicy", s.Spec.IPFamilyPolicy != nil},
	} {
		if f.set {
			r.invalid("spec."+f.name, "must not be set for the type ExternalName")
		}
	}
}

// servicePortRules are the rules of a Service's ports. That they differ in port and protocol is in the schema.
func servicePortRules(s *corev1.Service, r report) {
	type nodePort struct {
		protocol corev1.Protocol
		port     int32
	}
	names, nodePorts := map[string]bool{}, map[nodePort]bool{}
	for i, p := range s.Spec.Ports {
		field := func(name string) string { return fmt.Sprintf("spec.ports[%d].%s", i, name) }
		switch {
		case p.Name == "" && len(s.Spec.Ports) > 1:
			r(CodeMissingField, field("name"), "name is required where there are several ports", "")
		case names[p.Name]:
			r(CodeDuplicateItem, field("name"), "another port has the name "+quote(p.Name), "")
		}
		if len(s.Spec.Ports) > 1 {
			names[p.Name] = true
		}
		targetPortRule(p.TargetPort, i, r)
		appProtocolRule(p.AppProtocol, "spec.ports", i, r)
		switch n := (nodePort{p.Protocol, p.NodePort}); {
		case p.NodePort == 0:
		case s.Spec.Type == corev1.ServiceTypeClusterIP:
			r(CodeInvalidValue, field("nodePort"), "must not be set for the type ClusterIP", "remove it, or write type: NodePort")
		case nodePorts[n]:
			r(CodeDuplicateItem, field("nodePort"), fmt.Sprintf("another port has the nodePort %d", p.NodePort), "")
		default:
			nodePorts[n] = true
		}
	}
}

// targetPortRule says what names a port of a pod.
func targetPortRule(p intstr.IntOrString, i int, r report) {
	field := func() string { return fmt.Sprintf("spec.ports[%d].targetPort", i) }
	switch {
	case p.Type == intstr.Int && len(validation.IsValidPortNum(int(p.IntVal))) > 0:
		r.invalid(field(), fmt.Sprintf("must be from 1 to 65535, not %d", p.IntVal))
	case p.Type == intstr.String && !isPortName(p.StrVal):
		hint := ""
		if strings.Trim(p.StrVal, "0123456789") == "" {
			hint = "remove the quotes"
		}
		r(CodeInvalidValue, field(), "is no name of a port: "+strings.Join(validation.IsValidPortName(p.StrVal), ", "), hint)
	}
}

// appProtocolRule says what the appProtocol of a port in a list looks like: a name that IANA knows, or one with a domain before it.
func appProtocolRule(p *string, list string, i int, r report) {
	if p != nil && !isQualifiedName(*p) {
		r(CodeInvalidValue, fmt.Sprintf("%s[%d].appProtocol", list, i), "must be a name of letters, digits and -_. up to 63 characters, "+
			"a DNS name and / may stand before it, not "+quote(*p), "such as http, kubernetes.io/h2c or kubernetes.io/ws")
	}
}

// clusterIPRules are those of the addresses of a Service and of their families.
func clusterIPRules(s *corev1.Service, r report) {
	ips, families := s.Spec.ClusterIPs, s.Spec.IPFamilies
	switch {
	case s.Spec.ClusterIP == "" && len(ips) > 0:
		r(CodeMissingField, "spec.clusterIP", "clusterIP is required with clusterIPs", "write clusterIP: "+quote(ips[0]))
	case s.Spec.ClusterIP != "" && ips[0] != s.Spec.ClusterIP:
		r.invalid("spec.clusterIPs", "must begin with the clusterIP")
	}
	if len(families) == 2 && families[0] == families[1] {
		r(CodeDuplicateItem, "spec.ipFamilies[1]", fmt.Sprintf("%s is there already", families[1]), "")
	}
	if len(ips) == 1 && ips[0] == corev1.ClusterIPNone {
		return
	}
	valid := true
	for i, ip := range ips {
		field := fmt.Sprintf("spec.clusterIPs[%d]", i)
		if i == 0 && ip == s.Spec.ClusterIP {
			field = "spec.clusterIP"
		}
		switch {
		case ip == corev1.ClusterIPNone:
			r.invalid(field, "None must be the only value")
			valid = false
		case !addressForm(ip, field, r):
			valid = false
		case i < len(families) && isIPv6(ip) != (families[i] == corev1.IPv6Protocol):
			r.invalid(field, fmt.Sprintf("must be an %s address, as ipFamilies[%d] says", families[i], i))
		}
	}
	if valid && len(ips) == 2 && isIPv6(ips[0]) == isIPv6(ips[1]) {
		r.invalid("spec.clusterIPs", "must not have two addresses of one family")
	}
}

// loadBalancerRules are those of the fields that only load balancers have.
func loadBalancerRules(s *corev1.Service, r report) {
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer {
		if c := s.Spec.LoadBalancerClass; c != nil && !isQualifiedName(*c) {
			r.invalid("spec.loadBalancerClass", "must be a name such as example.com/internal, not "+quote(*c))
		}
		for i, cidr := range s.Spec.LoadBalancerSourceRanges {
			if len(validation.IsValidCIDRForLegacyField(nil, strings.TrimSpace(cidr), true, nil)) > 0 {
				r.invalid(fmt.Sprintf("spec.loadBalancerSourceRanges[%d]", i), "must be a network such as 10.0.0.0/8, not "+quote(cidr))
			}
		}
		return
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"loadBalancerClass", s.Spec.LoadBalancerClass != nil},
		{"loadBalancerSourceRanges", len(s.Spec.LoadBalancerSourceRanges) > 0},
		{"allocateLoadBalancerNodePorts", s.Spec.AllocateLoadBalancerNodePorts != nil},
	} {
		if f.set {
			r.invalid("spec."+f.name, "must be set for the type LoadBalancer only")
		}
	}
}

// trafficRules are those of the fields that say which endpoints get the traffic.
func trafficRules(s *corev1.Service, r report) {
	if s.Spec.ExternalTrafficPolicy != "" && !isExternal(s) {
		r.invalid("spec.externalTrafficPolicy", "must be set only where the Service can be reached from outside of the cluster")
	}
	if s.Spec.HealthCheckNodePort != 0 &&
		(s.Spec.Type != corev1.ServiceTypeLoadBalancer || s.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal) {
		r.invalid("spec.healthCheckNodePort", "must be set only for the type LoadBalancer with externalTrafficPolicy: Local")
	}
}

// isExternal reports whether a Service can be reached from outside of the cluster.
func isExternal(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeLoadBalancer || s.Spec.Type == corev1.ServiceTypeNodePort ||
		s.Spec.Type == corev1.ServiceTypeClusterIP && len(s.Spec.ExternalIPs) > 0
}
